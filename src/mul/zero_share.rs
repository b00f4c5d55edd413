//! Shares of zero: every pair of parties has a seed, and what one adds the other subtracts.
//!
//! Source: DKLs23 (eprint 2023/765), functionality F_Zero; the seed needs no commitment, since only
//! seeds between two honest parties matter, and both put 32 bytes in.

use ff::Field;
use zeroize::Zeroizing;

use crate::curve::{Curve, Scalar};
use crate::party::{PairId, PartyId, View};
use crate::secret::Secret;
use crate::transcript::Transcript;

/// What two parties share since their setup: 32 bytes, and the setup they come from. No backup has it.
#[derive(Debug)]
pub struct ZeroSeed {
    pair: PairId,
    seed: Secret<[u8; 32]>,
}

impl ZeroSeed {
    /// The length of the stored form in bytes: `pair_id`, then the seed.
    pub const LEN: usize = 64;

    /// H(`pair_id`, what the lower id sent, what the higher id sent); both were sealed.
    pub fn agree(pair: &PairId, lower: &Secret<[u8; 32]>, higher: &Secret<[u8; 32]>) -> Self {
        let hash = Transcript::new("mul-zero-seed").field(pair.as_bytes()).field(lower.expose());
        Self { pair: *pair, seed: hash.field(higher.expose()).secret() }
    }

    /// z of this pair in one session: for each `index` of a batch another one.
    pub fn share<C: Curve>(&self, view: &View, index: u32) -> Secret<Scalar<C>> {
        let hash = Transcript::new("mul-zero").field(C::NAME.as_bytes()).field(self.seed.expose());
        hash.field(self.pair.as_bytes()).field(view.as_bytes()).number(u64::from(index)).secret_scalar::<C>()
    }

    /// The setup it comes from.
    pub fn pair(&self) -> &PairId {
        &self.pair
    }

    /// The stored form, 64 bytes.
    pub fn to_bytes(&self) -> Zeroizing<[u8; Self::LEN]> {
        let mut bytes = Zeroizing::new([0; Self::LEN]);
        let (pair, seed) = bytes.split_at_mut(32);
        pair.copy_from_slice(self.pair.as_bytes());
        seed.copy_from_slice(self.seed.expose());
        bytes
    }

    /// Reads the stored form. `None` unless it is 64 bytes long.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (pair, seed) = bytes.split_first_chunk()?;
        let mut copy = Secret::new([0; 32]);
        *copy.expose_mut() = seed.try_into().ok()?;
        Some(Self { pair: PairId::from_bytes(*pair), seed: copy })
    }
}

/// ζ_i = Σ_{j > i} z_ij − Σ_{j < i} z_ij over the other parties of a session: Σ_i ζ_i = 0.
///
/// `peers` must be exactly the others of the session, each with the seed shared with it.
pub fn zero_share<'a, C: Curve>(
    me: PartyId,
    peers: impl IntoIterator<Item = (PartyId, &'a ZeroSeed)>,
    view: &View,
    index: u32,
) -> Secret<Scalar<C>> {
    let mut sum = Secret::new(Scalar::<C>::ZERO);
    for (peer, seed) in peers {
        let share = seed.share::<C>(view, index);
        if peer > me {
            *sum.expose_mut() += share.expose();
        } else {
            *sum.expose_mut() -= share.expose();
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::{P256, Secp256k1};
    use crate::ot::testing::party;
    use alloc::collections::BTreeMap;
    use alloc::vec::Vec;

    fn seeds(n: u16) -> BTreeMap<(u16, u16), ZeroSeed> {
        let pairs = (1..=n).flat_map(|a| (a + 1..=n).map(move |b| (a, b)));
        let (seed, low) = (|byte: u8| Secret::new([byte; 32]), |id: u16| id.to_be_bytes()[1]);
        pairs
            .map(|(a, b)| ((a, b), ZeroSeed::agree(&PairId::from_bytes([low(a); 32]), &seed(low(a)), &seed(low(b)))))
            .collect()
    }

    fn sum<C: Curve>(set: &[u16], index: u32) -> Scalar<C> {
        let (seeds, view) = (seeds(5), View::from_bytes([3; 32]));
        set.iter()
            .map(|i| {
                let peers = set.iter().filter(|j| *j != i).map(|j| (party(*j), &seeds[&(*i.min(j), *i.max(j))]));
                let share = *zero_share::<C>(party(*i), peers, &view, index).expose();
                assert_ne!(share, Scalar::<C>::ZERO);
                share
            })
            .sum()
    }

    /// O-13: any set of parties, any index of a batch: the shares add up to zero.
    #[test]
    fn o_13_the_shares_of_any_set_add_up_to_zero() {
        for set in [&[1, 2][..], &[4, 2], &[1, 3, 5], &[1, 2, 3, 4, 5]] {
            for index in [0, 1, 255] {
                assert_eq!(sum::<Secp256k1>(set, index), Scalar::<Secp256k1>::ZERO);
                assert_eq!(sum::<P256>(set, index), Scalar::<P256>::ZERO);
            }
        }
    }

    /// O-26: index, view, setup and both contributions change a share.
    #[test]
    fn o_26_shares_hang_on_everything() {
        let (one, two) = (PairId::from_bytes([1; 32]), PairId::from_bytes([2; 32]));
        let seed = |byte| Secret::new([byte; 32]);
        let (view, other) = (View::from_bytes([1; 32]), View::from_bytes([2; 32]));
        let share = |seed: &ZeroSeed, view, index| *seed.share::<Secp256k1>(view, index).expose();
        let agreed = ZeroSeed::agree(&one, &seed(1), &seed(2));
        let mut shares: Vec<_> = (0..256).map(|index| share(&agreed, &view, index)).collect();
        shares.push(share(&agreed, &other, 0));
        shares.push(share(&ZeroSeed::agree(&two, &seed(1), &seed(2)), &view, 0));
        shares.push(share(&ZeroSeed::agree(&one, &seed(3), &seed(2)), &view, 0));
        shares.push(share(&ZeroSeed::agree(&one, &seed(1), &seed(3)), &view, 0));
        shares.push(share(&ZeroSeed::agree(&one, &seed(2), &seed(1)), &view, 0));
        assert!((0..shares.len()).all(|k| !shares[..k].contains(&shares[k])));
        let back = ZeroSeed::from_bytes(&*agreed.to_bytes()).unwrap();
        assert_eq!((share(&back, &view, 9), back.pair()), (share(&agreed, &view, 9), &one));
        assert!(ZeroSeed::from_bytes(&[0; 63]).is_none() && ZeroSeed::from_bytes(&[0; 65]).is_none());
    }
}
