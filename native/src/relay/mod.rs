//! Whole steps of a round of the plainest kind, in one call each: from the Runtime API's bytes to the app's request, from the
//! app's bytes to the call that answers. What the words are comes from TypeScript, which makes the first of a kind itself
//! and tells how (`learn`); nothing here knows Lambda.
//!
//! 1. Where anything is not as it was learnt the answer is `None`, and nothing has changed: TypeScript does it, from the
//!    same bytes.
//! 2. What is made is byte for byte what TypeScript makes (`native/quick.test.ts`).

mod plans;
#[cfg(test)]
mod tests;

pub use plans::{Answer, Descriptions, Kind, Plan, Template};

use crate::json;
use crate::messages::requests::RequestRules;
use crate::messages::responses::{self, Whole};
use crate::messages::{Names, field_values};
use std::borrow::Cow;

/// What a head may have, and how many plans are kept: a function has few kinds of events, a route few methods.
const MAX_HEAD_BYTES: usize = 64 * 1024;
const MAX_FIELDS: usize = 100;
const MAX_PLANS: usize = 16;

/// A copy of more than that costs what the long way does.
const MAX_CHUNKED_BYTES: usize = 16 * 1024;

pub struct Rules {
    /// Of the event: those that are emptied, then the one that is quoted.
    pub paths: Vec<json::Path>,
    /// Of the head that comes with the event.
    pub names: Names,
    /// The field whose value is a number that is asked for (`Relay::number`).
    pub number: usize,
    pub request: RequestRules,
}

pub struct Relay {
    rules: Rules,
    /// With the sketch that each is for; the last used first.
    plans: Vec<(Vec<u8>, Plan)>,
    call: Vec<u8>,
    number: f64,
}

impl Relay {
    pub fn new(rules: Rules) -> Relay {
        Relay { rules, plans: Vec::new(), call: Vec::new(), number: 0.0 }
    }

    /// From here on events that look like this one are known.
    pub fn learn(&mut self, event: &[u8], plan: Plan) {
        let Some(sketch) = self.sketch(event) else { return };
        self.plans.retain(|(known, _)| *known != sketch.text);
        self.plans.truncate(MAX_PLANS - 1);
        self.plans.insert(0, (sketch.text, plan));
    }

    /// The value of the field `Rules::number` of the last request.
    pub fn number(&self) -> f64 {
        self.number
    }

    /// `Plan::tag` of the last request.
    pub fn tag(&self) -> u32 {
        self.plans.first().map_or(0, |(_, plan)| plan.tag)
    }

    /// The app's request for the event that `bytes`, a whole response, bring.
    pub fn request(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        if self.plans.is_empty() {
            return None;
        }
        let (bytes, whole) = whole_response(bytes).filter(|(_, whole)| whole.status == 200)?;
        let values = field_values(&bytes[whole.fields], &self.rules.names)?;
        let event = &bytes[whole.body];
        let sketch = self.sketch(event)?;
        let at = self.plans.iter().position(|(known, _)| *known == sketch.text)?;
        self.plans[..=at].rotate_right(1);
        let plan = &self.plans[0].1;
        if values.len() != plan.kinds.len()
            || !values.iter().zip(&plan.kinds).all(|(value, kind)| kind.fits(*value))
        {
            return None;
        }
        let request = plan.request(event, &sketch.ranges, &values, &self.rules.request)?;
        let number = values.get(self.rules.number).copied().flatten();
        self.number = number.and_then(|number| number.parse().ok()).unwrap_or(f64::NAN);
        self.call.clear();
        plan.call.write(&values, &mut self.call);
        Some(request)
    }

    /// How many bytes are missing behind `bytes` for a whole response; none where that is not known, or nothing is missing.
    pub fn missing(bytes: &[u8]) -> usize {
        responses::missing(bytes, MAX_HEAD_BYTES, MAX_FIELDS).unwrap_or(0)
    }

    /// The head of the call that brings the last `answer`.
    pub fn call(&self) -> &[u8] {
        &self.call
    }

    /// The answer to the last request's event that is made of the response that `bytes` are.
    pub fn answer(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let plan = &self.plans.first()?.1;
        let (bytes, whole) =
            whole_response(bytes).filter(|(_, whole)| plan.statuses.contains(&whole.status))?;
        // These have no body, whatever the app says.
        if [204, 205, 304].contains(&whole.status) {
            return None;
        }
        let answer = plan.answer(whole.status, &bytes[whole.fields], &bytes[whole.body])?;
        if answer.len() > plan.max_bytes {
            return None;
        }
        let end = self.call.iter().rposition(|&byte| byte == b' ').map_or(0, |space| space + 1);
        self.call.truncate(end);
        self.call.extend_from_slice(answer.len().to_string().as_bytes());
        self.call.extend_from_slice(b"\r\n\r\n");
        Some(answer)
    }

    /// Whether `bytes`, a whole response, say that the call was taken.
    pub fn is_taken(bytes: &[u8]) -> bool {
        whole_response(bytes).is_some_and(|(_, whole)| (200..300).contains(&whole.status))
    }

    fn sketch(&self, event: &[u8]) -> Option<json::Sketch> {
        std::str::from_utf8(event).ok()?;
        json::sketch(event, &self.rules.paths, self.rules.paths.len() - 1)
    }
}

/// As `responses::whole_response`, with other bytes for those in chunks: what was given stays as it is. The response's
/// connection may be kept.
fn whole_response(bytes: &[u8]) -> Option<(Cow<'_, [u8]>, Whole)> {
    let found = match responses::response_with_length(bytes, MAX_HEAD_BYTES, MAX_FIELDS) {
        Some(whole) => (Cow::Borrowed(bytes), whole),
        None if bytes.len() <= MAX_CHUNKED_BYTES && bytes.ends_with(b"0\r\n\r\n") => {
            let mut copy = bytes.to_vec();
            let whole = responses::whole_response(&mut copy, false, MAX_HEAD_BYTES, MAX_FIELDS)?;
            (Cow::Owned(copy), whole)
        }
        None => return None,
    };
    found.1.reusable.then_some(found)
}
