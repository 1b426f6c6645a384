//! As much of HTTP/1.1 as two peers need that are measured, not tested: requests and responses with a length or in
//! chunks, whatever the splits of their bytes.

/// What a piece of bytes brought.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// First line and lines of the head, without its end.
    Head(String),
    /// So many bytes of the body, without the framing of chunks.
    Body(&'a [u8]),
    /// The message is complete.
    End,
}

#[derive(PartialEq, Eq)]
enum State {
    Head,
    Length(usize),
    ChunkSize,
    Chunk(usize),
    ChunkEnd,
    Trailer,
    /// A response that ends with its connection.
    UntilClose,
}

pub struct Reader {
    state: State,
    line: Vec<u8>,
    /// Bodies of megabytes are counted, not kept, unless somebody looks.
    responses: bool,
}

impl Reader {
    pub fn of_requests() -> Reader {
        Reader { state: State::Head, line: Vec::new(), responses: false }
    }

    pub fn of_responses() -> Reader {
        Reader { responses: true, ..Reader::of_requests() }
    }

    /// Tells `take` what `bytes` bring, in order.
    pub fn feed<'a>(&mut self, mut bytes: &'a [u8], mut take: impl FnMut(Event<'a>)) {
        while !bytes.is_empty() {
            match self.state {
                State::Head => {
                    let Some(head) = self.until(&mut bytes, b"\r\n\r\n") else { return };
                    let head = String::from_utf8_lossy(&head).into_owned();
                    self.state = self.body_of(&head);
                    take(Event::Head(head));
                    if self.state == State::Length(0) {
                        self.state = State::Head;
                        take(Event::End);
                    }
                }
                State::Length(left) => {
                    let length = left.min(bytes.len());
                    take(Event::Body(&bytes[..length]));
                    bytes = &bytes[length..];
                    self.state = State::Length(left - length);
                    if left == length {
                        self.state = State::Head;
                        take(Event::End);
                    }
                }
                State::ChunkSize => {
                    let Some(line) = self.until(&mut bytes, b"\r\n") else { return };
                    let text = String::from_utf8_lossy(&line);
                    let digits = text.split(';').next().unwrap_or("").trim();
                    let size = usize::from_str_radix(digits, 16).expect("the size of a chunk");
                    self.state = if size == 0 { State::Trailer } else { State::Chunk(size) };
                }
                State::Chunk(left) => {
                    let length = left.min(bytes.len());
                    take(Event::Body(&bytes[..length]));
                    bytes = &bytes[length..];
                    self.state = if left == length { State::ChunkEnd } else { State::Chunk(left - length) };
                }
                State::ChunkEnd => {
                    let Some(_) = self.until(&mut bytes, b"\r\n") else { return };
                    self.state = State::ChunkSize;
                }
                State::Trailer => {
                    let Some(line) = self.until(&mut bytes, b"\r\n") else { return };
                    if line.is_empty() {
                        self.state = State::Head;
                        take(Event::End);
                    }
                }
                State::UntilClose => {
                    take(Event::Body(bytes));
                    return;
                }
            }
        }
    }

    /// What comes before `mark`, when it is there; what is not complete is kept.
    fn until(&mut self, bytes: &mut &[u8], mark: &[u8]) -> Option<Vec<u8>> {
        let kept = self.line.len();
        if kept == 0
            && let Some(at) = bytes.windows(mark.len()).position(|window| window == mark)
        {
            let line = bytes[..at].to_vec();
            *bytes = &bytes[at + mark.len()..];
            return Some(line);
        }
        self.line.extend_from_slice(bytes);
        let from = kept.saturating_sub(mark.len() - 1);
        let Some(at) = self.line[from..].windows(mark.len()).position(|window| window == mark) else {
            *bytes = &[];
            return None;
        };
        let end = from + at;
        *bytes = &bytes[end + mark.len() - kept..];
        let mut line = std::mem::take(&mut self.line);
        line.truncate(end);
        Some(line)
    }

    fn body_of(&self, head: &str) -> State {
        if field(head, "transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
            return State::ChunkSize;
        }
        match field(head, "content-length") {
            Some(length) => State::Length(length.parse().expect("a content-length")),
            None if self.responses => State::UntilClose,
            None => State::Length(0),
        }
    }
}

/// Value of the first field called `name`.
pub fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().skip(1).find_map(|line| {
        let (own, value) = line.split_once(':')?;
        own.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Eq)]
    enum Read {
        Head(String),
        Body(Vec<u8>),
        End,
    }

    fn read(bytes: &[u8], step: usize) -> Vec<Read> {
        let mut events = Vec::new();
        let mut reader = Reader::of_requests();
        for piece in bytes.chunks(step) {
            reader.feed(piece, |event| match (event, events.last_mut()) {
                (Event::Body(more), Some(Read::Body(body))) => body.extend(more),
                (Event::Body(body), _) => events.push(Read::Body(body.to_vec())),
                (Event::Head(head), _) => events.push(Read::Head(head)),
                (Event::End, _) => events.push(Read::End),
            });
        }
        events
    }

    #[test]
    fn reads_the_same_at_any_split() {
        let bytes = b"POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nx: y\r\n\r\n\
            POST /b HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0a;x=1\r\n0123456789\r\n0\r\nt: 1\r\n\r\n";
        let whole = read(bytes, bytes.len());
        assert_eq!(whole.iter().filter(|event| **event == Read::End).count(), 3);
        assert_eq!(whole[1], Read::Body(b"hello".to_vec()));
        assert_eq!(whole[6], Read::Body(b"abc0123456789".to_vec()));
        for step in 1..40 {
            assert_eq!(read(bytes, step), whole, "pieces of {step}");
        }
    }
}
