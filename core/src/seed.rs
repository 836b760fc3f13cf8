//! The randomness of one request: drawn once from the operating system, and an input everywhere else, so
//! that a test knows in advance what is made of it.

use std::fmt;

use sha2::{Digest, Sha256};

/// 256 random bits. External IDs are made of them: it cannot be printed.
#[derive(Clone)]
pub struct Seed([u8; Self::BYTES]);

impl Seed {
    /// How many random bytes it takes.
    pub const BYTES: usize = 32;

    /// A seed of these bytes, which must be random and used for nothing else.
    pub fn new(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes themselves.
    pub fn bytes(&self) -> [u8; Self::BYTES] {
        self.0
    }

    /// The first `N` of them, at most [`BYTES`](Self::BYTES).
    pub fn first<const N: usize>(&self) -> [u8; N] {
        const { assert!(N <= Self::BYTES) };
        std::array::from_fn(|index| self.0[index])
    }

    /// A stream of bytes. None of them reveals anything about the seed or the others.
    pub fn stream(&self) -> impl Iterator<Item = u8> {
        let seed = self.0;
        (0_u64..)
            .flat_map(move |counter| Sha256::new().chain_update(seed).chain_update(counter.to_be_bytes()).finalize())
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_repeats_neither_itself_nor_the_seed() {
        let seed = Seed::new(std::array::from_fn(|index| u8::try_from(index).unwrap_or_default()));
        let stream: Vec<u8> = seed.stream().take(96).collect();
        let parts: Vec<_> = stream.chunks(32).collect();
        assert!(parts[0] != parts[1] && parts[1] != parts[2] && parts[0] != seed.bytes());
        assert_eq!(stream, seed.stream().take(96).collect::<Vec<_>>(), "the same seed, the same stream");
        assert_eq!(seed.first::<3>(), [0, 1, 2]);
        assert_eq!(format!("{seed:?}"), "Seed(hidden)");
    }
}
