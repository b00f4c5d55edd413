//! Backups that open, and what must not.

use alloc::vec::Vec;

use curve25519_dalek::RistrettoPoint;

use super::*;
use crate::curve::{Curve, Ed25519, Ristretto255, random_scalar};
use crate::frost::{Ed25519Keccak512, Ed25519Sha512};
use crate::key::dealer::split;
use crate::party::{Parties, PartyId, Threshold};
use crate::session::Identity;

type S = Ed25519Sha512;

fn rng(seed: u64) -> TranscriptRng {
    Transcript::new("backup-test").number(seed).rng()
}

fn shares() -> Vec<KeyShare<S>> {
    let secret = random_scalar::<Ed25519>(&mut rng(1));
    let parties = Parties::without_identities([1, 2, 300].map(|id| PartyId::new(id).unwrap())).unwrap();
    let mut shares = split::<S>(&secret, Threshold::new(2).unwrap(), &parties, &mut rng(2)).unwrap();
    shares[0].raise_strikes(PartyId::new(300).unwrap(), 2);
    shares
}

/// Every other file of the same length that differs in one bit, every shorter one, and one with a byte more.
fn all_refused<T>(file: &[u8], open: impl Fn(&[u8]) -> Result<T, Usage>, expected: impl Fn(usize, Usage) -> bool) {
    let mut altered = file.to_vec();
    for bit in 0..file.len() * 8 {
        altered[bit / 8] ^= 1 << (bit % 8);
        let error = open(&altered).map(drop).expect_err("an altered file opens");
        assert!(expected(bit / 8, error), "bit {bit}: {error:?}");
        altered[bit / 8] ^= 1 << (bit % 8);
    }
    for length in 0..file.len() {
        assert!(open(&file[..length]).is_err(), "cut to {length}");
    }
    assert!(open(&[file, &[0]].concat()).is_err());
}

#[cfg(feature = "backup")]
mod under_a_passphrase {
    use super::super::passphrase::{self, Cost, blocks_taken};
    use super::*;

    fn cheap() -> Cost {
        Cost::new(8, 1, 1).unwrap()
    }

    #[test]
    fn r_13_a_passphrase_opens_its_backup() {
        for share in shares() {
            let file = passphrase::seal(&share, b"correct horse", cheap(), &mut rng(3)).unwrap();
            assert_eq!(file.len(), share.to_bytes().len() + 117);
            let back: KeyShare<S> = passphrase::open(&file, b"correct horse").unwrap();
            assert_eq!(back.to_bytes(), share.to_bytes());
        }
    }

    /// every bit is authenticated, and a wrong passphrase looks like an altered file.
    #[test]
    fn r_13_every_bit_under_a_passphrase() {
        let share = shares().remove(0);
        let file = passphrase::seal(&share, b"correct horse", cheap(), &mut rng(3)).unwrap();
        let limit = Cost::new(64, 4, 4).unwrap(); // so that no altered file takes long
        let open = |file: &[u8]| passphrase::open_within::<KeyShare<S>>(file, b"correct horse", limit);
        all_refused(&file, open, |byte, error| match byte {
            0..14 | 16 => error == Usage::Malformed,
            14..16 => error == Usage::UnknownVersion,
            // Parameters: not defined, not allowed, or others than those of the file.
            17..29 => [Usage::Malformed, Usage::TooCostly, Usage::NotOpened].contains(&error),
            _ => error == Usage::NotOpened,
        });
        for wrong in [&b"correct hors"[..], b"correct horse\0", b"Correct horse", b""] {
            assert_eq!(passphrase::open::<KeyShare<S>>(&file, wrong).map(drop), Err(Usage::NotOpened));
        }
    }

    /// R-13, G-06: what a file asks for is checked before memory is taken.
    #[test]
    fn r_13_a_costly_file_takes_nothing() {
        let share = shares().remove(0);
        let none = blocks_taken();
        let file = passphrase::seal(&share, b"p", cheap(), &mut rng(3)).unwrap();
        let before = blocks_taken();
        assert_eq!(before, none + 8, "what is taken is counted");
        for (at, limit) in [(17, 1u32 << 20), (21, 16), (25, 8)] {
            for asked in [limit + 1, u32::MAX] {
                let mut file = file.clone();
                file[at..at + 4].copy_from_slice(&asked.to_be_bytes());
                assert_eq!(passphrase::open::<KeyShare<S>>(&file, b"p").map(drop), Err(Usage::TooCostly));
            }
        }
        assert_eq!(blocks_taken(), before);
        // Above the limit only if the caller says so; below the caller's limit, not even that.
        let dear = Cost::new(8, 17, 1).unwrap();
        let file = passphrase::seal(&share, b"p", dear, &mut rng(3)).unwrap();
        let before = blocks_taken();
        assert_eq!(passphrase::open::<KeyShare<S>>(&file, b"p").map(drop), Err(Usage::TooCostly));
        assert_eq!(blocks_taken(), before);
        assert!(passphrase::open_within::<KeyShare<S>>(&file, b"p", dear).is_ok());
        assert_eq!(passphrase::open_within::<KeyShare<S>>(&file, b"p", cheap()).map(drop), Err(Usage::TooCostly));
        assert_eq!(blocks_taken(), before + 8, "one of the three");
        for (memory, passes, lanes) in [(7, 1, 1), (8, 0, 1), (8, 1, 0), (15, 1, 2)] {
            assert_eq!(Cost::new(memory, passes, lanes), Err(Usage::Malformed));
        }
        assert_eq!(Cost::default(), Cost::new(65536, 3, 4).unwrap());
    }

    /// The keys are Argon2id's of RFC 9106, version 19, over the passphrase as given.
    #[test]
    fn keys_are_argon2id() {
        let share = shares().remove(0);
        let file = passphrase::seal(&share, b"p", Cost::new(32, 3, 4).unwrap(), &mut rng(3)).unwrap();
        let mut keys = Secret::new([0; 64]);
        let params = argon2::Params::new(32, 3, 4, Some(64)).unwrap();
        argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params)
            .hash_password_into(b"p", &file[29..45], keys.expose_mut())
            .unwrap();
        assert_eq!(&file[17..29], [0, 0, 0, 32, 0, 0, 0, 3, 0, 0, 0, 4]);
        assert_eq!(Keys(keys).open(&file, 45).unwrap(), share.to_bytes());
    }
}

/// a file opens under one pair of keys only: a second encryption key under the same commitment key does not even
/// come to the cipher, nor does the other way round.
#[test]
fn r_13_files_are_committed_to_one_key() {
    let keys = |encryption: u8, commitment: u8| {
        let mut both = Secret::new([encryption; 64]);
        both.expose_mut()[32..].fill(commitment);
        Keys(both)
    };
    let mut file = start(9, 0);
    keys(1, 2).seal(&mut file, b"content", &mut rng(1)).unwrap();
    assert_eq!(keys(1, 2).open(&file, START_LEN).unwrap().as_slice(), b"content");
    for other in [keys(1, 3), keys(3, 2), keys(2, 1)] {
        assert_eq!(other.open(&file, START_LEN), Err(Usage::NotOpened));
    }
    // A ciphertext that the other encryption key opens, under the commitment of the first: refused.
    let mut forged = start(9, 0);
    keys(1, 3).seal(&mut forged, b"content", &mut rng(1)).unwrap();
    assert_eq!(keys(1, 2).open(&forged, START_LEN), Err(Usage::NotOpened));
}

#[test]
fn r_13_a_recipient_opens_its_backups() {
    let vault = BackupSecretKey::generate(&mut rng(5)).unwrap();
    let identity = Identity::generate(&mut rng(6)).unwrap();
    for share in shares() {
        let file = recipient::seal(&share, &vault.public(), &identity, &mut rng(7)).unwrap();
        assert_eq!(file.len(), share.to_bytes().len() + 218);
        let back: KeyShare<S> = vault.open(&file, &identity.public()).unwrap();
        assert_eq!(back.to_bytes(), share.to_bytes());
        let file = recipient::seal_anonymously(&share, &vault.public(), &mut rng(7)).unwrap();
        assert_eq!(file.len(), share.to_bytes().len() + 122);
        let back: KeyShare<S> = vault.open_anonymous(&file).unwrap();
        assert_eq!(back.to_bytes(), share.to_bytes());
    }
    // A companion is no share, nor the key of another suite.
    let file = recipient::seal_anonymously(&Companion::of(&shares()[0]), &vault.public(), &mut rng(7)).unwrap();
    assert_eq!(vault.open_anonymous::<KeyShare<S>>(&file).map(drop), Err(Usage::Malformed));
    assert_eq!(vault.open_anonymous::<Companion<Ed25519Keccak512>>(&file).map(drop), Err(Usage::OtherSuite));
}

/// every bit of a backup to a public key is authenticated, signed or not.
#[test]
fn r_13_every_bit_to_a_public_key() {
    let vault = BackupSecretKey::generate(&mut rng(5)).unwrap();
    let identity = Identity::generate(&mut rng(6)).unwrap();
    let share = shares().remove(0);
    let start = |byte: usize, error: Usage| match byte {
        0..14 | 16 => error == Usage::Malformed,
        14..16 => error == Usage::UnknownVersion,
        _ => [Usage::Malformed, Usage::OtherIdentity].contains(&error),
    };
    let file = recipient::seal_anonymously(&share, &vault.public(), &mut rng(7)).unwrap();
    let open = |file: &[u8]| vault.open_anonymous::<KeyShare<S>>(file);
    all_refused(&file, open, |byte, error| if byte < 18 { start(byte, error) } else { error == Usage::NotOpened });
    let file = recipient::seal(&share, &vault.public(), &identity, &mut rng(7)).unwrap();
    let open = |file: &[u8]| vault.open::<KeyShare<S>>(file, &identity.public());
    all_refused(&file, open, |byte, error| if byte < 50 { start(byte, error) } else { error == Usage::NotOpened });
}

/// nobody else's backup passes for a party's, and nobody else opens it.
#[test]
fn r_13_makers_and_recipients() {
    let vault = BackupSecretKey::generate(&mut rng(5)).unwrap();
    let other_vault = BackupSecretKey::generate(&mut rng(55)).unwrap();
    let (me, thief) = (Identity::generate(&mut rng(6)).unwrap(), Identity::generate(&mut rng(66)).unwrap());
    let share = shares().remove(0);
    let file = recipient::seal(&share, &vault.public(), &me, &mut rng(7)).unwrap();
    let open = |vault: &BackupSecretKey, file: &[u8], maker: &Identity| {
        vault.open::<KeyShare<S>>(file, &maker.public()).map(drop)
    };
    assert_eq!(open(&vault, &file, &me), Ok(()));
    assert_eq!(open(&other_vault, &file, &me), Err(Usage::NotOpened));
    assert_eq!(open(&vault, &file, &thief), Err(Usage::OtherIdentity));
    assert_eq!(vault.open_anonymous::<KeyShare<S>>(&file).map(drop), Err(Usage::OtherIdentity));
    let unsigned = recipient::seal_anonymously(&share, &vault.public(), &mut rng(7)).unwrap();
    assert_eq!(open(&vault, &unsigned, &me), Err(Usage::OtherIdentity));
    // The thief puts its own name and signature on the file: the name is in the key.
    let mut stolen = file[..file.len() - 64].to_vec();
    stolen[18..50].copy_from_slice(thief.public().as_bytes());
    let digest = Transcript::new("backup-maker").field(&stolen).field(vault.public().as_bytes()).digest();
    stolen.extend_from_slice(&thief.sign(&digest));
    assert_eq!(open(&vault, &stolen, &thief), Err(Usage::NotOpened));
    // It takes the name and the signature off.
    let bare = [&file[..17], &[0], &file[50..file.len() - 64]].concat();
    assert_eq!(vault.open_anonymous::<KeyShare<S>>(&bare).map(drop), Err(Usage::NotOpened));
    // V as the identity, sealed under the key that anybody knows then; with any other V the same way opens.
    let seal_with = |one_time: [u8; 32], shared: &RistrettoPoint| {
        let mut file = [&start(2, 0)[..], &[0], &one_time].concat();
        let mut keys = Secret::new([0; 64]);
        let hash = Transcript::new("backup-pk").field(&file).field(vault.public().as_bytes());
        hash.point::<Ristretto255>(shared).fill(keys.expose_mut());
        Keys(keys).seal(&mut file, &share.to_bytes(), &mut rng(8)).unwrap();
        vault.open_anonymous::<KeyShare<S>>(&file).map(drop)
    };
    let one = Ristretto255::mul_base(&1u64.into());
    assert_eq!(seal_with(one.compress().to_bytes(), vault.public().point()), Ok(()));
    assert_eq!(seal_with([0; 32], &RistrettoPoint::default()), Err(Usage::NotOpened));
}

/// R-13, G-03: keys for backups have one form, a checksum, and know which half they are.
#[test]
fn r_13_keys_for_backups() {
    let vault = BackupSecretKey::generate(&mut rng(5)).unwrap();
    let (secret, public) = (vault.to_bytes(), vault.public().to_bytes());
    assert_eq!(BackupKey::from_bytes(&public).unwrap(), vault.public());
    let back = BackupSecretKey::from_bytes(&secret).unwrap();
    assert_eq!((back.public(), back.to_bytes()), (vault.public(), vault.to_bytes()));
    all_refused(&public, BackupKey::from_bytes, |_, error| error == Usage::Malformed);
    all_refused(&secret, BackupSecretKey::from_bytes, |_, error| error == Usage::Malformed);
    assert_eq!(BackupKey::from_bytes(&secret), Err(Usage::Malformed));
    assert_eq!(BackupSecretKey::from_bytes(&public).map(drop), Err(Usage::Malformed));
    // Under a right checksum: the identity, a point that is not canonical, the scalars 0 and the order.
    let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
    let forge = |half: u8, key: &[u8]| {
        let kind = crate::record::Kind { tag: 11, version: 1 };
        crate::record::write(kind, "ristretto255", 33, |out| {
            out.push(half);
            out.extend_from_slice(key);
        })
    };
    let mut negative = vault.public().as_bytes().to_vec();
    negative[0] ^= 1;
    for key in [&[0; 32][..], &negative, &[0xff; 32]] {
        assert_eq!(BackupKey::from_bytes(&forge(1, key)), Err(Usage::Malformed));
    }
    for key in [&[0; 32][..], &order, &[0xff; 32]] {
        assert_eq!(BackupSecretKey::from_bytes(&forge(2, key)).map(drop), Err(Usage::Malformed));
    }
    assert_eq!(alloc::format!("{vault:?}"), alloc::format!("BackupSecretKey(of {:?})", vault.public()));
}

/// a generator that comes back to an old state seals other content under other draws; a broken one is refused.
#[test]
fn r_13_f_05_generators() {
    struct Constant;
    impl rand_core::TryRng for Constant {
        type Error = core::convert::Infallible;
        fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
            Ok(7)
        }
        fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
            Ok(7)
        }
        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
            bytes.fill(7);
            Ok(())
        }
    }
    impl rand_core::TryCryptoRng for Constant {}

    let vault = BackupSecretKey::generate(&mut rng(5)).unwrap();
    let [one, other, ..] = &shares()[..] else { panic!() };
    let seal = |share| recipient::seal_anonymously(share, &vault.public(), &mut rng(7)).unwrap();
    assert_ne!(seal(one)[18..50], seal(other)[18..50]);
    assert_eq!(recipient::seal_anonymously(one, &vault.public(), &mut Constant).map(drop), Err(Usage::BrokenRng));
    assert_eq!(VerifiableBackup::make(one, &vault.public(), &mut Constant).map(drop), Err(Usage::BrokenRng));
    assert_eq!(BackupSecretKey::generate(&mut Constant).map(drop), Err(Usage::BrokenRng));
}

/// what is beside a verifiable share is checked when it is put together.
#[test]
fn r_13_a_share_and_its_companion() {
    let vault = BackupSecretKey::generate(&mut rng(5)).unwrap();
    let me = Identity::generate(&mut rng(6)).unwrap();
    let all = shares();
    let backups: Vec<_> =
        all.iter().map(|share| ShareBackup::make(share, &vault.public(), &me, &mut rng(8)).unwrap()).collect();
    let restored = backups[0].restore(&vault, &me.public()).unwrap();
    assert_eq!(restored.to_bytes(), all[0].to_bytes());
    assert_eq!(restored.strikes(PartyId::new(300).unwrap()), Ok(2));
    // The companion of another party, or a chain code of another key.
    let companion = Companion::of(&all[1]);
    assert_eq!(companion.join(&backups[0].share, &vault).map(drop), Err(Usage::NotOpened));
    let mut companion = Companion::of(&all[0]);
    companion.chain_code.expose_mut()[5] ^= 1;
    assert_eq!(companion.join(&backups[0].share, &vault).map(drop), Err(Usage::InvalidShare));
    let record = Companion::of(&all[0]).to_record();
    assert_eq!(Companion::<S>::from_record(&record).unwrap().to_record(), record);
    all_refused(&record, Companion::<S>::from_record, |_, _| true);
}
