//! DER values, and every way to write one wrongly.

/// Returns a value with its tag and its length in the one form that DER allows.
pub(super) fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag], length(content.len()).as_slice(), content].concat()
}

fn length(bytes: usize) -> Vec<u8> {
    match u8::try_from(bytes) {
        Ok(short @ 0..=0x7f) => vec![short],
        Ok(long) => vec![0x81, long],
        Err(_) => [vec![0x82], u16::try_from(bytes).unwrap().to_be_bytes().to_vec()].concat(),
    }
}

/// A value that has not been written yet.
#[derive(Clone)]
pub(super) enum Node {
    Leaf(u8, Vec<u8>),
    Sequence(Vec<Node>),
}

impl Node {
    pub(super) fn write(&self) -> Vec<u8> {
        match self {
            Self::Leaf(tag, content) => value(*tag, content),
            Self::Sequence(nodes) => {
                value(0x30, &nodes.iter().flat_map(Self::write).collect::<Vec<_>>())
            }
        }
    }

    fn tag(&self) -> u8 {
        match self {
            Self::Leaf(tag, _) => *tag,
            Self::Sequence(_) => 0x30,
        }
    }

    fn content(&self) -> Vec<u8> {
        match self {
            Self::Leaf(_, content) => content.clone(),
            Self::Sequence(nodes) => nodes.iter().flat_map(Self::write).collect(),
        }
    }

    /// Returns every wrong way to write this value and those inside it, each with what is wrong.
    pub(super) fn spoiled(&self) -> Vec<(String, Vec<u8>)> {
        let mut spoiled = self.spoiled_here();
        if let Self::Sequence(nodes) = self {
            for (index, node) in nodes.iter().enumerate() {
                let (before, after) = (&nodes[..index], &nodes[index + 1..]);
                for (kind, bytes) in node.spoiled() {
                    let mut content: Vec<u8> = before.iter().flat_map(Self::write).collect();
                    content.extend(bytes);
                    content.extend(after.iter().flat_map(Self::write));
                    spoiled.push((format!("{index}, {kind}"), value(0x30, &content)));
                }
            }
        }
        spoiled
    }

    fn spoiled_here(&self) -> Vec<(String, Vec<u8>)> {
        let (tag, content) = (self.tag(), self.content());
        let whole = self.write();
        let size = content.len();
        let mut spoiled: Vec<(String, Vec<u8>)> = Vec::new();
        let mut add =
            |kind: &str, bytes: Vec<u8>| spoiled.push((format!("tag {tag:#04x}: {kind}"), bytes));
        for other in
            [0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x13, 0x30, 0x31, 0x80, 0xa0, 0xff]
        {
            if other != tag {
                add("another tag", value(other, &content));
            }
        }
        let written = length(size);
        for (kind, other) in [
            ("length in long form", [vec![0x81], vec![u8::try_from(size).unwrap()]].concat()),
            ("length with a leading zero", vec![0x82, 0, u8::try_from(size).unwrap()]),
            ("length in five bytes", vec![0x85, 0, 0, 0, 0, u8::try_from(size).unwrap()]),
            ("length one more", length(size + 1)),
            ("length one less", length(size.saturating_sub(1))),
            ("length of 2^31 - 1", vec![0x84, 0x7f, 0xff, 0xff, 0xff]),
            ("length of 2^31", vec![0x84, 0x80, 0, 0, 0]),
            ("length of 2^32 - 1", vec![0x84, 0xff, 0xff, 0xff, 0xff]),
            ("length past 32 bits", vec![0x85, 1, 0, 0, 0, u8::try_from(size).unwrap()]),
            ("length past 40 bits", vec![0x86, 1, 0, 0, 0, 0, u8::try_from(size).unwrap()]),
            (
                "length past 64 bits",
                vec![0x89, 1, 0, 0, 0, 0, 0, 0, 0, u8::try_from(size).unwrap()],
            ),
            ("indefinite length", vec![0x80]),
            ("no length", Vec::new()),
        ] {
            if other != written {
                add(kind, [&[tag], other.as_slice(), &content].concat());
            }
        }
        add("indefinite length, ended", [&[tag, 0x80], content.as_slice(), &[0, 0]].concat());
        add(
            "indefinite length, ended badly",
            [&[tag, 0x80], content.as_slice(), &[0, 1, 0]].concat(),
        );
        add("content gone", vec![tag, 0]);
        add("gone", Vec::new());
        add("tag alone", vec![tag]);
        add("twice", [whole.clone(), whole.clone()].concat());
        add("NULL in its place", vec![5, 0]);
        add("in a sequence of its own", value(0x30, &whole));
        add("in parts", value(tag | 0x20, &value(tag, &content)));
        for (kind, extra) in [
            ("zeros", vec![0, 0]),
            ("garbage", vec![0x49, 0x77]),
            ("NULL", vec![5, 0]),
            ("sequence", vec![0x30, 0]),
        ] {
            add(&format!("{kind} behind"), [whole.clone(), extra.clone()].concat());
            add(&format!("{kind} in front"), [extra.clone(), whole.clone()].concat());
            add(
                &format!("{kind} at the end inside"),
                value(tag, &[content.clone(), extra.clone()].concat()),
            );
            add(
                &format!("{kind} at the start inside"),
                value(tag, &[extra, content.clone()].concat()),
            );
        }
        if size > 0 {
            let mut first = content.clone();
            first[0] ^= 0x80;
            add("first byte changed", value(tag, &first));
            let mut last = content.clone();
            last[size - 1] ^= 0x01;
            add("last byte changed", value(tag, &last));
            add("last byte gone", value(tag, &content[..size - 1]));
            add("first byte gone", value(tag, &content[1..]));
        }
        spoiled
    }
}
