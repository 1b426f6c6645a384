//! Where pages of an image are to appear in an address space: kept true while the process moves and drops mappings.
//!
//!  (1) Sorted, without overlaps, none empty.
//!  (2) A page that was dropped is in no range any more: it reads as zeros.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub start: u64,
    pub end: u64,
    /// Of the page at `start` in the file of pages.
    pub offset: u64,
}

#[derive(Clone, Debug, Default)]
pub struct Ranges(Vec<Range>);

impl Ranges {
    /// Of ranges by address.
    pub fn new(ranges: Vec<Range>) -> Ranges {
        assert!(ranges.is_sorted_by(|a, b| a.end <= b.start), "invariant 1");
        Ranges(ranges)
    }

    /// From `address` to the end of its range; `None` where there is none.
    pub fn from(&self, address: u64) -> Option<Range> {
        let range = self.0.get(self.first_after(address))?;
        let skipped = address.checked_sub(range.start)?;
        Some(Range { start: address, end: range.end, offset: range.offset + skipped })
    }

    /// Where the next range after `address`, which is in none, begins.
    pub fn next_start(&self, address: u64) -> Option<u64> {
        self.0.get(self.first_after(address)).map(|range| range.start)
    }

    /// Invariant 2.
    pub fn remove(&mut self, start: u64, end: u64) {
        self.cut(start, end);
    }

    /// What was at `from` is at `to` now, and what was there is gone.
    pub fn shift(&mut self, from: u64, to: u64, length: u64) {
        let moved = self.cut(from, from + length);
        self.remove(to, to + length);
        let at = self.first_after(to);
        let place = |address: u64| address - from + to;
        self.0.splice(
            at..at,
            moved.into_iter().map(|range| Range {
                start: place(range.start),
                end: place(range.end),
                ..range
            }),
        );
    }

    fn first_after(&self, address: u64) -> usize {
        self.0.partition_point(|range| range.end <= address)
    }

    fn cut(&mut self, start: u64, end: u64) -> Vec<Range> {
        let first = self.first_after(start);
        let last = first + self.0[first..].partition_point(|range| range.start < end);
        let mut taken: Vec<Range> = self.0[first..last].to_vec();
        let mut left = Vec::new();
        if let Some(range) = taken.first_mut()
            && range.start < start
        {
            left.push(Range { end: start, ..*range });
            *range = Range { start, offset: range.offset + (start - range.start), ..*range };
        }
        if let Some(range) = taken.last_mut()
            && range.end > end
        {
            left.push(Range { start: end, offset: range.offset + (end - range.start), ..*range });
            range.end = end;
        }
        self.0.splice(first..last, left);
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// Every page by itself.
    fn pages(ranges: &Ranges) -> BTreeMap<u64, u64> {
        assert!(ranges.0.is_sorted_by(|a, b| a.end <= b.start), "invariant 1");
        assert!(ranges.0.iter().all(|range| range.start < range.end), "invariant 1");
        ranges
            .0
            .iter()
            .flat_map(|range| (range.start..range.end).map(|page| (page, range.offset + page - range.start)))
            .collect()
    }

    /// A long history of changes, made twice: by ranges, and page by page.
    #[test]
    fn is_what_it_would_be_page_by_page() {
        let mut seed = 88172645463325252u64;
        let mut random = |below: u64| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed % below
        };
        for _ in 0..300 {
            let mut ranges = Ranges::new(
                (0..10).map(|n| Range { start: n * 20, end: n * 20 + 12, offset: n * 12 + 1000 }).collect(),
            );
            let mut model = pages(&ranges);
            for _ in 0..30 {
                let (start, length) = (random(200), 1 + random(40));
                if random(2) == 0 {
                    ranges.remove(start, start + length);
                    model.retain(|page, _| !(start..start + length).contains(page));
                } else {
                    // The kernel moves nothing onto itself.
                    let to = if start < 100 { 100 + start + length } else { start - 60.min(start) };
                    if (to..to + length).contains(&start) || (start..start + length).contains(&to) {
                        continue;
                    }
                    ranges.shift(start, to, length);
                    let moved: Vec<(u64, u64)> = model
                        .range(start..start + length)
                        .map(|(page, at)| (page - start + to, *at))
                        .collect();
                    model.retain(|page, _| {
                        !(start..start + length).contains(page) && !(to..to + length).contains(page)
                    });
                    model.extend(moved);
                }
                assert_eq!(pages(&ranges), model);
                let address = random(260);
                assert_eq!(ranges.from(address).map(|range| range.offset), model.get(&address).copied());
                if !model.contains_key(&address) {
                    let next = model.range(address..).next().map(|(page, _)| *page);
                    assert_eq!(ranges.next_start(address), next);
                }
            }
        }
    }
}
