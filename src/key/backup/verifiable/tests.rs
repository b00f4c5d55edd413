//! Makers that cheat, and what everybody who checks says.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::*;
use crate::curve::{Secp256k1, random_scalar};
use crate::ecdsa::{P256Ecdsa, Secp256k1Ecdsa};
use crate::frost::{Bip340, Ed25519Sha512, Ristretto255Sha512};
use crate::key::dealer::split;
use crate::party::{Parties, Threshold};
use crate::transcript::TranscriptRng;

fn rng(seed: u64) -> TranscriptRng {
    Transcript::new("verifiable-test").number(seed).rng()
}

fn id(n: u16) -> PartyId {
    PartyId::new(n).unwrap()
}

fn shares<S: Scheme>(seed: u64) -> Vec<KeyShare<S>> {
    let secret = random_scalar::<S::Curve>(&mut rng(seed));
    let parties = Parties::without_identities([1, 2, 65535].map(id)).unwrap();
    split::<S>(&secret, Threshold::new(2).unwrap(), &parties, &mut rng(seed + 1)).unwrap()
}

fn vault(seed: u64) -> BackupSecretKey {
    BackupSecretKey::generate(&mut rng(seed)).unwrap()
}

fn opens<S: Scheme>() {
    let vault = vault(9);
    for share in shares::<S>(1) {
        let backup = VerifiableBackup::make(&share, &vault.public(), &mut rng(3)).unwrap();
        let bytes = backup.to_bytes();
        let nodes = backup.cover.len();
        assert_eq!(bytes.len(), 27 + S::NAME.len() + 64 + 24 * 96 + 16 * nodes);
        assert!((60..=110).contains(&nodes), "{nodes} nodes");
        let back = VerifiableBackup::<S>::from_bytes(&bytes).unwrap();
        assert_eq!(back.to_bytes(), bytes);
        assert_eq!(back.verify(share.public(), share.me(), &vault.public()), Ok(()));
        let scalar = back.open(&vault, share.public(), share.me()).unwrap();
        assert_eq!(scalar.expose(), share.secret().expose());
    }
}

#[test]
fn r_13_verifiable_backups_open() {
    opens::<Ed25519Sha512>();
    opens::<Secp256k1Ecdsa>();
    opens::<P256Ecdsa>();
    opens::<Bip340>();
    opens::<Ristretto255Sha512>();
}

/// One share, its statement and an honest maker before it answers.
struct Setting<S: Scheme> {
    share: KeyShare<S>,
    vault: BackupSecretKey,
    statement: Statement<S::Curve>,
}

impl<S: Scheme> Setting<S> {
    fn new() -> Self {
        let (share, vault) = (shares::<S>(1).remove(0), vault(9));
        let statement = Statement::new(share.public(), share.me(), &vault.public()).unwrap();
        Self { share, vault, statement }
    }

    fn prover(&self, cut: Cut, seed: u8) -> Prover<S::Curve> {
        Prover::new(cut, &self.statement, [seed; 32], &Secret::new([seed; 16]))
    }

    fn answer(&self, cut: Cut, prover: &Prover<S::Curve>) -> VerifiableBackup<S> {
        prover.answer(cut, &self.statement, self.share.secret())
    }

    fn verify(&self, backup: &VerifiableBackup<S>) -> Result<(), Usage> {
        backup.verify(self.share.public(), self.share.me(), &self.vault.public())
    }

    fn opened(&self, backup: &VerifiableBackup<S>) -> bool {
        backup.open(&self.vault, self.share.public(), self.share.me()).is_ok()
    }
}

/// a bad row that is opened is seen, each of the three parts of it; a bad row that stays closed does no harm.
fn bad_rows<S: Scheme>() {
    let setting = Setting::<S>::new();
    let other = Sealing::mul_base(&77u64.into()).compress().to_bytes();
    let spoil = |part: u8, row: &mut Row<S::Curve>| match part {
        0 => row.image += S::Curve::mul_base(&Scalar::<S::Curve>::from(1u64)),
        1 => row.one_time = other,
        _ => row.masked[31] ^= 1,
    };
    let mut prover = setting.prover(CUT, 1);
    for part in 0..3 {
        let (mut open, mut closed) = (0, 0);
        for number in 0..CUT.rows {
            let row = &mut prover.rows[number];
            let kept = (row.image, row.one_time, row.masked);
            spoil(part, row);
            let backup = setting.answer(CUT, &prover);
            let row = &mut prover.rows[number];
            (row.image, row.one_time, row.masked) = kept;
            let stays_closed = pick(&backup.commitment, CUT).contains(&number);
            if stays_closed && closed < 1 {
                closed += 1;
                // A closed R_m is not sent: it follows from z_m. The other two parts are only of use to the recipient.
                let passes = part != 0;
                assert_eq!((setting.verify(&backup).is_ok(), setting.opened(&backup)), (passes, passes));
            } else if !stays_closed && open < 2 {
                open += 1;
                assert_eq!(setting.verify(&backup), Err(Usage::InvalidBackup), "row {number}");
                assert!(!setting.opened(&backup));
            }
            if open == 2 && closed == 1 {
                break;
            }
        }
        assert_eq!((open, closed), (2, 1), "part {part}");
    }
}

#[test]
fn r_13_bad_rows_are_seen() {
    bad_rows::<Secp256k1Ecdsa>();
    bad_rows::<Ed25519Sha512>();
}

/// the odds are those of guessing the choice, no better: with toy numbers a maker that spoils M rows gets through
/// once in C(N, M) tries, and only then its backup does not open.
#[test]
fn r_13_cheating_is_guessing() {
    const TOY: Cut = Cut { rows: 5, closed: 2 };
    let setting = Setting::<Ed25519Sha512>::new();
    let (mut passed, tries) = (0, 400u16);
    for seed in 0..tries {
        let [high, low] = seed.to_be_bytes();
        let mut salt = [0; 32];
        (salt[0], salt[1]) = (high, low);
        let mut prover = Prover::new(TOY, &setting.statement, salt, &Secret::new([1; 16]));
        let guess = [1, 3];
        guess.iter().for_each(|row| prover.rows[*row].masked[0] ^= 1);
        let backup: VerifiableBackup<Ed25519Sha512> = setting.answer(TOY, &prover);
        let guessed = pick(&backup.commitment, TOY) == guess;
        assert_eq!(backup.holds(TOY, &setting.statement), guessed);
        assert_eq!(backup.opened(TOY, &setting.vault, &setting.statement).is_none(), guessed);
        passed += u32::from(guessed);
    }
    // 1 in 10: 40 expected, and seeds are fixed.
    assert!((20..=60).contains(&passed), "{passed}");
}

/// one good closed row is enough for the recipient, wherever it is: what passes the check has at least one.
#[test]
fn r_13_one_good_row_gives_the_share() {
    let setting = Setting::<Secp256k1Ecdsa>::new();
    let mut backup = setting.answer(CUT, &setting.prover(CUT, 1));
    let gives = |backup: &VerifiableBackup<Secp256k1Ecdsa>| {
        backup
            .opened(CUT, &setting.vault, &setting.statement)
            .is_some_and(|s| s.expose() == setting.share.secret().expose())
    };
    let kept: Vec<[u8; 32]> = backup.closed.iter().map(|row| row.masked).collect();
    backup.closed.iter_mut().for_each(|row| row.masked = [0; 32]);
    assert!(!gives(&backup));
    for good in [0, 11, 23] {
        backup.closed[good].masked = kept[good];
        assert!(gives(&backup));
        assert!(!setting.opened(&backup), "it is no longer what was made");
        backup.closed[good].masked = [0; 32];
    }
}

/// a vault that says whether a file opens tells nothing. The file for bit j, c ⊕ 2^j and z − 2^j in one row and junk
/// in the others, has the share exactly if bit j of the mask is 0; none of these files opens.
#[test]
fn r_13_opening_is_no_oracle() {
    let setting = Setting::<Secp256k1Ecdsa>::new();
    let mut told = BTreeSet::new();
    for bit in 0..8u8 {
        let mut forged = setting.answer(CUT, &setting.prover(CUT, 1));
        let (target, junk) = forged.closed.split_first_mut().unwrap();
        target.masked[31] ^= 1 << bit; // big-endian
        let power = Scalar::<Secp256k1>::from(1u64 << bit);
        target.response = PublicScalar::reveal(*target.response.value() - power);
        junk.iter_mut().for_each(|row| row.masked = [0xff; 32]);
        told.insert(forged.opened(CUT, &setting.vault, &setting.statement).is_some());
        let opened = forged.open(&setting.vault, setting.share.public(), setting.share.me());
        assert_eq!(opened.map(drop), Err(Usage::NotOpened), "bit {bit}");
    }
    assert_eq!(told.len(), 2, "without the check the bits can be read");
}

/// R-13, F-05: two vaults, one share, one state of the generator. With what the one backup opens nobody closes the gap
/// of the other; and even of one salt and one root the trees have nothing in common.
#[test]
fn r_13_f_05_two_recipients_and_one_state() {
    let setting = Setting::<Secp256k1Ecdsa>::new();
    let (share, other) = (&setting.share, vault(10));
    let statement = Statement::new(share.public(), share.me(), &other.public()).unwrap();
    let (one, two) = (setting.prover(CUT, 1), Prover::new(CUT, &statement, [1; 32], &Secret::new([1; 16])));
    let mut seeds = one.tree.leaves().zip(two.tree.leaves());
    assert!(seeds.all(|((row, a), (same, b))| row == same && a != b));
    let made = |to: &BackupSecretKey| VerifiableBackup::make(share, &to.public(), &mut rng(3)).unwrap();
    let (a, b) = (made(&setting.vault), made(&other));
    assert_ne!(a.salt, b.salt);
    for (a, b) in [(a, b), (setting.answer(CUT, &one), two.answer(CUT, &statement, share.secret()))] {
        let of_b = pick(&b.commitment, CUT);
        let leaves = Tree::from_cover(statement.tree(b.salt), CUT, &of_b, &b.cover).unwrap();
        let mut tried = 0;
        for (number, part) in pick(&a.commitment, CUT).into_iter().zip(&a.closed) {
            let Some((_, seed)) = leaves.leaves().find(|(row, _)| *row == number) else { continue };
            for salt in [&a.salt, &b.salt] {
                let (mut mask, mut one_time) = (Scalar::<Secp256k1>::ZERO, Scalar25519::ZERO);
                RowName { statement: &setting.statement, salt, number }.scalars(seed, &mut mask, &mut one_time);
                assert_ne!(mask + part.response.value(), *share.secret().expose(), "row {number}");
                tried += 1;
            }
        }
        assert!(tried > 20, "{tried}");
    }
}

/// everything in a backup counts: another share, salt, commitment, row or node is refused.
#[test]
fn r_13_every_part_counts() {
    let setting = Setting::<Secp256k1Ecdsa>::new();
    let honest = || setting.answer(CUT, &setting.prover(CUT, 1));
    assert_eq!(setting.verify(&honest()), Ok(()));
    let other = Element::<Sealing>::new(Sealing::mul_base(&77u64.into()));
    type Change = fn(&mut VerifiableBackup<Secp256k1Ecdsa>);
    let changes: [(&str, Change); 10] = [
        ("salt", |backup| backup.salt[0] ^= 1),
        // Another commitment makes another choice: rows and nodes that do not go with it.
        ("commitment", |backup| backup.commitment[31] ^= 0x80),
        ("response", |backup| backup.closed[3].response += PublicScalar::ONE),
        ("masked", |backup| backup.closed[23].masked[0] ^= 1),
        ("node", |backup| backup.cover[0][15] ^= 1),
        ("node missing", |backup| backup.cover.truncate(backup.cover.len() - 1)),
        ("node too many", |backup| backup.cover.push([0; 16])),
        ("row missing", |backup| backup.closed.truncate(23)),
        ("nodes swapped", |backup| backup.cover.swap(0, 1)),
        ("rows swapped", |backup| backup.closed.swap(0, 1)),
    ];
    for (name, change) in changes {
        let mut backup = honest();
        change(&mut backup);
        assert_eq!(setting.verify(&backup), Err(Usage::InvalidBackup), "{name}");
    }
    let mut backup = honest();
    backup.closed[7].one_time = other;
    assert_eq!(setting.verify(&backup), Err(Usage::InvalidBackup));
    // Another share than the one whose image is public.
    let prover = setting.prover(CUT, 1);
    let wrong = Secret::new(*setting.share.secret().expose() + Scalar::<Secp256k1>::ONE);
    let backup: VerifiableBackup<Secp256k1Ecdsa> = prover.answer(CUT, &setting.statement, &wrong);
    assert_eq!(setting.verify(&backup), Err(Usage::InvalidBackup));
    assert!(!setting.opened(&backup));
}

/// rows answered for a choice that the maker would have liked better.
#[test]
fn r_13_another_choice_is_refused() {
    let setting = Setting::<Ed25519Sha512>::new();
    let prover = setting.prover(CUT, 1);
    let mut backup = setting.answer(CUT, &prover);
    let chosen = pick(&backup.commitment, CUT);
    let liked: Vec<usize> = (0..24).collect();
    assert_ne!(chosen, liked);
    let row = |number: usize| Closed {
        response: PublicScalar::reveal(*setting.share.secret().expose() - prover.masks.expose()[number]),
        one_time: Element::read(&mut Reader::new(&prover.rows[number].one_time), &NO_SHAPE).unwrap(),
        masked: prover.rows[number].masked,
    };
    backup.closed = liked.iter().map(|number| row(*number)).collect();
    backup.cover = prover.tree.cover(CUT, &liked);
    assert_eq!(setting.verify(&backup), Err(Usage::InvalidBackup));
}

/// R-13, S-01: a backup belongs to one party of one sharing, and one recipient.
#[test]
fn r_13_backups_belong_to_one_statement() {
    let setting = Setting::<Secp256k1Ecdsa>::new();
    let backup = VerifiableBackup::make(&setting.share, &setting.vault.public(), &mut rng(3)).unwrap();
    let public = setting.share.public();
    let refused = Err(Usage::InvalidBackup);
    assert_eq!(backup.verify(public, id(2), &setting.vault.public()), refused);
    assert_eq!(backup.verify(public, id(3), &setting.vault.public()), Err(Usage::UnknownParty(id(3))));
    let other = vault(10);
    assert_eq!(backup.verify(public, id(1), &other.public()), refused);
    assert_eq!(backup.open(&other, public, id(1)).map(drop), Err(Usage::NotOpened));
    assert_eq!(backup.open(&setting.vault, public, id(2)).map(drop), Err(Usage::NotOpened));
    // Another key, and another sharing of the same secret with the very same public shares.
    assert_eq!(backup.verify(shares(5)[0].public(), id(1), &setting.vault.public()), refused);
    let sharing = crate::party::Sharing::from_bytes([1; 32]);
    let renamed = PublicKeyPackage::<Secp256k1Ecdsa>::from_bytes(&renamed(public, sharing.as_bytes())).unwrap();
    assert_eq!(renamed.verifying_share(id(1)), public.verifying_share(id(1)));
    assert_eq!(backup.verify(&renamed, id(1), &setting.vault.public()), refused);
    // Another suite on the same curve.
    assert_eq!(VerifiableBackup::<Bip340>::from_bytes(&backup.to_bytes()).map(drop), Err(Usage::OtherSuite));
}

/// The package with another sharing, under a right checksum.
fn renamed<S: Scheme>(public: &PublicKeyPackage<S>, sharing: &[u8; 32]) -> Vec<u8> {
    let bytes = public.to_bytes();
    let body = &bytes[11 + S::NAME.len()..bytes.len() - 16];
    let kind = Kind { tag: 1, version: 1 };
    record::write(kind, S::NAME, body.len(), |out| {
        out.extend_from_slice(&body[..32]);
        out.extend_from_slice(sharing);
        out.extend_from_slice(&body[64..]);
    })
    .to_vec()
}

/// R-13, G-01, G-03, G-05, G-06: forged records under a right checksum: the identity, points and scalars that are not
/// canonical, too few bytes, too many.
#[test]
fn r_13_malformed_backups() {
    let setting = Setting::<Secp256k1Ecdsa>::new();
    let bytes = setting.answer(CUT, &setting.prover(CUT, 1)).to_bytes();
    let at = 11 + <Secp256k1Ecdsa as Scheme>::NAME.len();
    let body = &bytes[at..bytes.len() - 16];
    let read = |body: &[u8]| {
        let record = record::write(RECORD, <Secp256k1Ecdsa as Scheme>::NAME, body.len(), |out| {
            out.extend_from_slice(body);
        });
        VerifiableBackup::<Secp256k1Ecdsa>::from_bytes(&record).map(drop)
    };
    assert_eq!(read(body), Ok(()));
    let changed = |from: usize, with: &[u8]| {
        let mut body = body.to_vec();
        body[from..from + with.len()].copy_from_slice(with);
        read(&body)
    };
    let first = 64;
    for (name, from, with) in [
        ("V is the identity", first + 32, [0; 32]),
        ("V is not canonical", first + 32, [0xff; 32]),
        ("z is not below the order", first, [0xff; 32]),
        ("z of the last row", first + 23 * 96, [0xff; 32]),
    ] {
        assert_eq!(changed(from, &with), Err(Usage::Malformed), "{name}");
    }
    for length in (0..body.len()).step_by(7).chain([body.len() - 1, body.len() - 16]) {
        assert_eq!(read(&body[..length]), Err(Usage::Malformed), "{length}");
    }
    assert_eq!(read(&[body, &[0; 16]].concat()), Err(Usage::Malformed));
    assert_eq!(read(&[body, &[0]].concat()), Err(Usage::Malformed));
    let mut altered = bytes.clone();
    for k in 0..bytes.len() {
        altered[k] ^= 0x20;
        assert!(VerifiableBackup::<Secp256k1Ecdsa>::from_bytes(&altered).is_err(), "byte {k}");
        altered[k] ^= 0x20;
    }
    // A response that is the share itself would give it to everybody: the row's image is the identity.
    let mut backup = setting.answer(CUT, &setting.prover(CUT, 1));
    backup.closed[0].response = PublicScalar::reveal(*setting.share.secret().expose());
    assert_eq!(setting.verify(&backup), Err(Usage::InvalidBackup));
}

/// What a backup shows: no two responses, rows or nodes alike, none of the closed leaves or what is above them, and
/// nothing of one backup in another of the same share.
#[test]
fn r_13_closed_rows_stay_closed() {
    let setting = Setting::<Secp256k1Ecdsa>::new();
    let prover = setting.prover(CUT, 1);
    let backup = setting.answer(CUT, &prover);
    let chosen = pick(&backup.commitment, CUT);
    let tree = Tree::from_cover(setting.statement.tree(backup.salt), CUT, &chosen, &backup.cover).unwrap();
    let known: BTreeSet<usize> = tree.leaves().map(|(row, _)| row).collect();
    assert_eq!(known.len(), CUT.rows - CUT.closed);
    assert!(chosen.iter().all(|row| !known.contains(row)));
    for (row, seed) in tree.leaves() {
        assert_eq!(prover.tree.leaves().nth(row), Some((row, seed)));
    }
    let mut seen = BTreeSet::new();
    for seed in [3, 4] {
        let backup = VerifiableBackup::make(&setting.share, &setting.vault.public(), &mut rng(seed)).unwrap();
        for row in &backup.closed {
            assert!(seen.insert(row.response.encode().to_vec()));
            assert!(seen.insert(row.masked.to_vec()));
            assert!(seen.insert(row.one_time.as_bytes().to_vec()));
        }
        assert!(backup.cover.iter().all(|node| seen.insert(node.to_vec())));
    }
}

/// The tree and the choice for every size: covers are exact, choices are sorted, without repetition, and uniform.
#[test]
fn trees_and_choices() {
    for rows in 1..40 {
        for closed in 1..=rows.min(5) {
            let cut = Cut { rows, closed };
            let chosen = pick(&[u8::try_from(rows).unwrap(); 32], cut);
            assert_eq!(chosen.len(), closed);
            assert!(chosen.is_sorted_by(|a, b| a < b) && chosen.iter().all(|row| *row < rows));
            let name = TreeName { label: [6; 32], salt: [7; 32] };
            let tree = Tree::from_root(name, cut, &Secret::new([8; 16]));
            let all: Vec<_> = tree.leaves().collect();
            assert_eq!(all.len(), rows);
            let cover = tree.cover(cut, &chosen);
            assert_eq!(cover.len(), cover_len(cut, &chosen));
            let back = Tree::from_cover(name, cut, &chosen, &cover).unwrap();
            assert!(back.leaves().eq(all.into_iter().filter(|(row, _)| !chosen.contains(row))));
        }
    }
    let cut = Cut { rows: 7, closed: 3 };
    let mut counts = [0u32; 7];
    for seed in 0..1400u16 {
        let commitment = Transcript::new("pick-test").number(seed.into()).digest();
        pick(&commitment, cut).into_iter().for_each(|row| counts[row] += 1);
    }
    assert!(counts.iter().all(|count| (500..700).contains(count)), "{counts:?}"); // 600 each
}

/// C(407, 24) is at least 2^128: what a false backup must guess.
#[test]
fn r_13_the_choice_has_128_bits() {
    let bits: f64 = (0..CUT.closed).map(|k| ((CUT.rows - k) as f64 / (k + 1) as f64).log2()).sum();
    assert!((128.0..129.0).contains(&bits), "{bits}");
}
