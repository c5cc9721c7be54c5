use super::*;

fn record() -> Record {
    Record {
        url: "https://lab.example/status/1".into(),
        key: "lab".into(),
        output: PathBuf::from("/srv/status.json"),
        purposes: vec!["revocation".into(), "suspension".into()],
        entries: MIN_STATUS_ENTRIES,
        messages: Vec::new(),
        reference: None,
        valid_days: 7,
        signed: None,
        given: Vec::new(),
    }
}

const NOW: Timestamp = Timestamp::from_unix_secs(1_795_255_200);

#[test]
fn what_could_not_be_published_is_refused() {
    assert!(record().check().is_ok());
    let code = |change: &dyn Fn(&mut Record)| {
        let mut record = record();
        change(&mut record);
        record.check().map_err(|error| error.code())
    };
    for url in [
        "http://lab.example/1",
        "https://lab.example/1#a",
        "https://localhost/1",
        "https://me@lab.example/1",
        "https://lab.example/a b",
        "",
    ] {
        assert_eq!(code(&|record| record.url = url.into()), Err("recall.url"), "{url}");
    }
    for entries in [0, 1000, MIN_STATUS_ENTRIES - 8, MIN_STATUS_ENTRIES + 1, 1 << 40] {
        assert_eq!(code(&|record| record.entries = entries), Err("recall.entries"), "{entries}");
    }
    let messages = |purpose: &'static str, count: usize| {
        code(&move |record| {
            record.purposes = vec![purpose.into()];
            record.messages = vec!["m".into(); count];
        })
    };
    assert_eq!(messages("message", 4), Ok(()));
    assert_eq!(messages("message", 3), Err("recall.messages"));
    assert_eq!(messages("message", 512), Err("recall.messages"));
    assert_eq!(messages("revocation", 2), Err("recall.messages"));
}

#[test]
fn no_entry_is_given_twice_and_none_is_left_over() {
    let mut record = record();
    record.entries = 64;
    for n in 0..32 {
        let entries = record.give(&format!("urn:uuid:{n}"), NOW).unwrap();
        assert_eq!(
            entries.iter().map(|entry| entry.purpose.name()).collect::<Vec<_>>(),
            ["revocation", "suspension"]
        );
    }
    let mut given: Vec<u64> = record.given.iter().map(|given| given.index).collect();
    assert!(!given.is_sorted(), "entries in order say who came first");
    given.sort_unstable();
    assert_eq!(given, (0..64).collect::<Vec<_>>());
    assert_eq!(record.give("urn:uuid:33", NOW).unwrap_err().code(), "recall.full");
}

#[test]
fn the_record_is_what_the_bits_say() {
    let directory = tempfile::tempdir().unwrap();
    let lists = Lists { directory: directory.path().join("status") };
    let mut held = lists.create(record()).unwrap();
    let entries = held.give("urn:uuid:1", NOW).unwrap();
    assert!(held.set("urn:uuid:1", &Purpose::Suspension, 1, NOW).unwrap());
    assert!(!held.set("urn:uuid:1", &Purpose::Suspension, 1, NOW).unwrap());
    assert!(!held.set("urn:uuid:2", &Purpose::Suspension, 1, NOW).unwrap());
    assert!(held.set("urn:uuid:1", &Purpose::Revocation, 1, NOW).unwrap());
    assert_eq!(held.set("urn:uuid:1", &Purpose::Revocation, 0, NOW).unwrap_err().code(), "recall.final");
    drop(held);
    let record = lists.find(Path::new("https://lab.example/status/1")).unwrap();
    assert_eq!(lists.find(Path::new("/srv/status.json")).unwrap(), record);
    let bits = record.bits();
    assert!(entries.iter().all(|entry| bits.value(entry.index, 1) == Some(1)));
    assert_eq!((0..131_072).filter(|index| bits.value(*index, 1) == Some(1)).count(), 2);
    assert_eq!(lists.find(Path::new("/srv/other.json")).unwrap_err().code(), "recall.unknown-list");
}

#[test]
fn a_list_of_messages_has_values_of_that_size() {
    for (count, size) in [(0, 1), (2, 1), (4, 2), (8, 3), (256, 8)] {
        let mut record = record();
        record.messages = vec!["m".into(); count];
        assert_eq!(record.size(), size, "{count}");
    }
}
