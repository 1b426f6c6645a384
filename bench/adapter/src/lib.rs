//! What the two programs of the bench share: `driver`, which is Runtime API and app at once, and `floor`, an adapter
//! that only passes fixed bytes on.

pub mod http;
pub mod scenario;
