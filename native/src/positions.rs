//! From positions in the bundles to positions in the TypeScript they were made from.
//!
//! `adapter.positions` is text: the sources' names, one a line; an empty line; then for each bundle a line with its name, and
//! one for each line of it from which on source or distance change: line of the bundle, number of the source, line in the
//! source.

static TABLE: &str = include_str!(concat!(env!("OUT_DIR"), "/adapter.positions"));

/// The engine's stack behind a message: ` at source:line at ...`.
pub fn on_one_line(stack: &str) -> String {
    translate(stack, TABLE)
}

fn translate(stack: &str, table: &str) -> String {
    stack
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| format!(" {}", frame(line.trim(), table)))
        .collect()
}

fn frame(frame: &str, table: &str) -> String {
    let translated = frame.find(".js:").and_then(|at| {
        let start = frame[..at].rfind([' ', '(']).map_or(0, |space| space + 1);
        let (bundle, rest) = (&frame[start..at + 3], &frame[at + 4..]);
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (source, line) = source_of(bundle, rest[..digits].parse().ok()?, table)?;
        // Neither the bundle's name of the function nor its column says anything about the source.
        Some(format!("at {source}:{line}"))
    });
    translated.unwrap_or_else(|| frame.into())
}

fn source_of<'a>(bundle: &str, line: u32, table: &'a str) -> Option<(&'a str, u32)> {
    let (sources, runs) = table.split_once("\n\n")?;
    let (begin, source, source_line) = runs
        .lines()
        .skip_while(|&run| run != bundle)
        .skip(1)
        .map_while(|run| {
            let mut numbers = run.split(' ').map(|number| number.parse::<u32>().ok());
            Some((numbers.next()??, numbers.next()??, numbers.next()??))
        })
        .take_while(|&(begin, ..)| begin <= line)
        .last()?;
    Some((sources.lines().nth(source as usize)?, source_line + line - begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str =
        "src/run.ts\nsrc/log.ts\n\nadapter-later.js\n2 1 7\nadapter.js\n1 0 10\n5 1 3\n9 0 20\n";

    #[test]
    fn stacks_name_the_sources() {
        assert_eq!(
            translate(
                "    at begin (adapter.js:6:12)\n    at adapter.js:3:1\n    at late (adapter-later.js:9)\n    at native\n    at x (other.js:1)\n",
                TABLE
            ),
            " at src/log.ts:4 at src/run.ts:12 at src/log.ts:14 at native at x (other.js:1)"
        );
    }

    #[test]
    fn without_a_table_they_name_the_bundle() {
        assert_eq!(translate("at begin (adapter.js:6:12)\n", ""), " at begin (adapter.js:6:12)");
    }
}
