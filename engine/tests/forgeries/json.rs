//! Texts that are JSON and such as are nearly so, as a claim's value: the engine takes what RFC
//! 8259 allows and another library takes, but for what two readers could read in two ways.

use super::keys::base64url;
use super::{oracle, seeded};
use attache_engine::token::Jws;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::RngCore as _;

fn engine_reads(claim: &[u8]) -> bool {
    let payload = [b"{\"claim\":", claim, b"}"].concat();
    Jws::parse(format!("{}.{}.", base64url(br#"{"alg":"none"}"#), base64url(&payload)).as_bytes())
        .is_ok()
}

/// Texts, and whether they are JSON.
const EDGES: &[(&[u8], bool)] = &[
    (b"0", true),
    (b"-0", true),
    (b"1.5e3", true),
    (b"1E+2", true),
    (b"-1.25e-2", true),
    (b"01", false),
    (b"-01", false),
    (b"+1", false),
    (b".5", false),
    (b"1.", false),
    (b"1.e2", false),
    (b"1e", false),
    (b"1e+", false),
    (b"0x10", false),
    (b"--1", false),
    (b"1_000", false),
    (b"NaN", false),
    (b"Infinity", false),
    (b"-Infinity", false),
    ("\u{ff11}".as_bytes(), false),
    (b"true", true),
    (b"True", false),
    (b"nul", false),
    (b"nulll", false),
    (b"undefined", false),
    (b"", false),
    (b" \t\r\n null \t\r\n ", true),
    (b"\x0c1", false),
    (b"\xc2\xa01", false),
    (b"\xef\xbb\xbf1", false),
    (b"[]", true),
    (b"[1,]", false),
    (b"[,1]", false),
    (b"[1 2]", false),
    (b"[1,,2]", false),
    (b"[", false),
    (b"]", false),
    (b"[}", false),
    (b"{}", true),
    (br#"{"a":1,}"#, false),
    (br#"{"a"}"#, false),
    (br#"{"a":}"#, false),
    (br#"{a:1}"#, false),
    (br#"{'a':1}"#, false),
    (br#"{1:1}"#, false),
    (br#"{"a":1 "b":2}"#, false),
    (br#"{"":0}"#, true),
    (br#""\"\\\/\b\f\n\r\t""#, true),
    (br#""\u00e9""#, true),
    (br#""\ud83d\ude00""#, true),
    (br#""\ud83d""#, false),
    (br#""\ude00""#, false),
    (br#""\ud83d\ud83d""#, false),
    (br#""\u12""#, false),
    (br#""\x41""#, false),
    (br#""\'""#, false),
    (b"\"\t\"", false),
    (b"\"\n\"", false),
    (b"\"\0\"", false),
    (b"\"\x7f\"", true),
    (b"\"", false),
    (b"'a'", false),
    (b"\"\xff\"", false),
    (b"\"\xc0\xaf\"", false),
    (b"\"\xe0\x80\xaf\"", false),
    (b"\"\xed\xa0\x80\"", false),
    (b"\"\xf4\x90\x80\x80\"", false),
    (b"\"\xf0\x9f\x98\"", false),
    ("\"\u{2028}\u{10ffff}\"".as_bytes(), true),
    (b"1 // one", false),
    (b"1 /* one */", false),
    (b"# one\n1", false),
];

#[test]
fn texts_at_the_edge_of_json_are_read_as_another_library_reads_them() {
    let mut complaints = Vec::new();
    for &(text, meant) in EDGES {
        let verdicts = (engine_reads(text), oracle::is_json(text));
        if verdicts != (meant, meant) {
            complaints.push(format!("{}: {verdicts:?}", text.escape_ascii()));
        }
    }
    assert!(complaints.is_empty(), "(engine, oracle)\n{}", complaints.join("\n"));
}

/// Repeated members, in any spelling of the name: another library takes them, and reads one or the
/// other.
#[test]
fn what_two_readers_read_in_two_ways_is_refused() {
    let twice: [&[u8]; 6] = [
        br#"{"a":1,"a":2}"#,
        br#"{"a":1,"a":1}"#,
        br#"{"a":1,"b":2,"\u0061":3}"#,
        br#"[{"b":{"a":1,"a":2}}]"#,
        br#"{"":1,"":2}"#,
        "{\"\u{e9}\":1,\"\\u00e9\":2}".as_bytes(),
    ];
    for text in twice {
        assert!(oracle::is_json(text) && !engine_reads(text), "{}", text.escape_ascii());
    }
}

fn below(limit: u32, random: &mut ChaCha20Rng) -> usize {
    usize::try_from(random.next_u32() % limit).unwrap()
}

/// Returns a JSON text without a repeated member.
fn generate(depth: u32, random: &mut ChaCha20Rng) -> String {
    const SCALARS: [&str; 10] = [
        "null",
        "true",
        "false",
        "0",
        "-17",
        "12.5",
        "-0.25",
        r#""text""#,
        r#""\u00e9\n\"""#,
        "\"\u{1f600}\"",
    ];
    match if depth == 0 { 0 } else { below(3, random) } {
        1 => {
            let items: Vec<String> =
                (0..below(4, random)).map(|_| generate(depth - 1, random)).collect();
            format!("[{}]", items.join(", "))
        }
        2 => {
            let members: Vec<String> = (0..below(4, random))
                .map(|n| format!("\"m{n}\" : {}", generate(depth - 1, random)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        _ => SCALARS[below(10, random)].to_owned(),
    }
}

#[test]
fn a_text_with_one_byte_changed_is_read_as_another_library_reads_it() {
    const BYTES: &[u8] = b"\0\t\n \"'+,-./0189:;=?AEZ[\\]_aefnrtu{}~\x7f\x80\xbf\xc3\xe2\xff";
    let mut random = seeded(10);
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..4000 {
        let mut text = generate(4, &mut random).into_bytes();
        assert!(engine_reads(&text) && oracle::is_json(&text), "{}", text.escape_ascii());
        let at = below(u32::try_from(text.len()).unwrap(), &mut random);
        let byte = BYTES[below(u32::try_from(BYTES.len()).unwrap(), &mut random)];
        match below(3, &mut random) {
            0 => text[at] = byte,
            1 => text.insert(at, byte),
            _ => drop(text.remove(at)),
        }
        // Within the payload, so that a text that ends its claim early is judged alike.
        let payload = [b"{\"claim\":", text.as_slice(), b"}"].concat();
        let (engine, oracle) = (engine_reads(&text), oracle::is_unambiguous_json(&payload));
        assert!(engine == oracle, "engine {engine}, oracle {oracle}: {}", text.escape_ascii());
        if engine { taken += 1 } else { refused += 1 }
    }
    assert!(taken > 500 && refused > 500, "{taken} taken, {refused} refused");
}
