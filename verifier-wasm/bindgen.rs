//! Writes the JavaScript glue of the compiled verifier: `bindgen VERIFIER.wasm OUTPUT-FOLDER`.
//!
//! This is what the `wasm-bindgen` command line does, at the version that Cargo.lock has for the library,
//! and without the half of it that is a web server for tests.

use std::error::Error;

use wasm_bindgen_cli_support::{Bindgen, EncodeInto};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(input), Some(output), None) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("usage: bindgen VERIFIER.wasm OUTPUT-FOLDER".into());
    };
    let mut bindgen = Bindgen::new();
    bindgen
        .web(true)?
        .input_path(input)
        .out_name("verifier")
        // The types are written by hand, for people.
        .typescript(false)
        .encode_into(EncodeInto::Always)
        // After a trap the instance is replaced; objects of the old one are refused by the glue.
        .reset_state_function(true)
        .remove_producers_section(true);
    bindgen.generate(output)?;
    Ok(())
}
