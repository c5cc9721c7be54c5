"""Writes scans/: twelve made-up people with one CT slice and one segmentation each, de-identified.

    python3 -m venv venv && venv/bin/pip install pydicom==3.0.2
    venv/bin/python make_scans.py

Nobody is in them: a slice is noise around 60 with a brighter disc, the lesion, around 160; its segmentation is the
disc. The same script gives the same bytes.
"""

import random
import shutil
from pathlib import Path

from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, SegmentationStorage

HERE = Path(__file__).parent
SIDE = 16
ROOT = "1.2.826.0.1.3680043.8.498.77"


def write(path, storage, person, at, modality, pixels):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = storage
    meta.MediaStorageSOPInstanceUID = f"{ROOT}.{person}.{at}"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = ROOT
    image = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    image.SOPClassUID = storage
    image.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    image.StudyInstanceUID = f"{ROOT}.{person}"
    image.SeriesInstanceUID = f"{ROOT}.{person}.{at}.1"
    image.PatientID = f"pseudonym-{person:03}"
    image.PatientIdentityRemoved = "YES"
    image.Modality = modality
    image.BodyPartExamined = "CHEST"
    image.Manufacturer = "SIEMENS"
    image.SliceThickness = "1.5"
    image.PixelSpacing = ["0.8", "0.8"]
    image.Rows = image.Columns = SIDE
    image.SamplesPerPixel = 1
    image.PhotometricInterpretation = "MONOCHROME2"
    image.BitsAllocated = image.BitsStored = 8
    image.HighBit = 7
    image.PixelRepresentation = 0
    image.PixelData = bytes(pixels)
    image["PixelData"].VR = "OB"
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save_as(path, enforce_file_format=True)


def main():
    scans = HERE / "scans"
    shutil.rmtree(scans, ignore_errors=True)
    for person in range(1, 13):
        chance = random.Random(person)
        x, y, radius = chance.randint(5, 10), chance.randint(5, 10), chance.randint(2, 4)
        inside = [
            (column - x) ** 2 + (row - y) ** 2 <= radius**2 for row in range(SIDE) for column in range(SIDE)
        ]
        noise = [max(0, min(255, round(chance.gauss(160 if lesion else 60, 20)))) for lesion in inside]
        folder = scans / f"{person:02}"
        write(folder / "slice.dcm", CTImageStorage, person, 1, "CT", noise)
        write(folder / "lesion.dcm", SegmentationStorage, person, 2, "SEG", [int(lesion) for lesion in inside])


main()
