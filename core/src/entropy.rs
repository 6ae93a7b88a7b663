//! Randomness as an argument: the shell draws 32 bytes from its platform, the rules stretch them.

/// A stream of random words grown from one 32-byte seed (xoshiro256++).
///
/// The shell makes a fresh one from cryptographic randomness for every input, so that no output of
/// one input tells anything of another; the simulator makes them from its seed.
#[derive(Clone, Debug)]
pub struct Entropy {
    state: [u64; 4],
}

impl Entropy {
    /// Grows a stream from `seed`.
    pub fn new(seed: [u8; 32]) -> Self {
        let mut state = [0u64; 4];
        for (word, chunk) in state.iter_mut().zip(seed.chunks_exact(8)) {
            *word = chunk
                .iter()
                .fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
        }
        if state == [0; 4] {
            // The all-zero state yields zeros for ever.
            state = [0x9e37_79b9_7f4a_7c15, 1, 2, 3];
        }
        Self { state }
    }

    /// Grows a stream from a small number, for simulation and tests (splitmix64 expansion).
    pub fn from_seed(seed: u64) -> Self {
        let mut z = seed;
        let mut state = [0u64; 4];
        for word in &mut state {
            z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut x = z;
            x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *word = x ^ (x >> 31);
        }
        Self { state }
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let result = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (mut c, mut d) = (c ^ a, d ^ b);
        let (b2, a2) = (b ^ c, a ^ d);
        c ^= b << 17;
        d = d.rotate_left(45);
        self.state = [a2, b2, c, d];
        result
    }

    /// The next 128 random bits.
    pub fn next_u128(&mut self) -> u128 {
        (u128::from(self.next_u64()) << 64) | u128::from(self.next_u64())
    }

    /// A number in `0.0..1.0`.
    pub fn next_unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }
}
