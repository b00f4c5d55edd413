//! Many signatures from presignatures that sessions have made: random sets of signers, messages and children, in the
//! eyes of every verifier there is.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cosigil::PartyId;
use cosigil::curve::{Curve, PublicScalar, Secp256k1, encode_point};
use cosigil::ecdsa::presign::{self, Presign};
use cosigil::ecdsa::store::MemoryStore;
use cosigil::ecdsa::{
    Child, EcdsaScheme, Message, P256Ecdsa, Prehash, Presignature, Request, SRule, Secp256k1Ecdsa, Signed, online,
    verify,
};
use cosigil::hazmat::child_at_offset;
use cosigil::round::Inbox;
use rand_core::Rng;
use sha2::Sha256;

use super::ecdsa::{Folder, Team, drive, id, rng};

/// The verifiers of a curve beside ours.
trait Verified: EcdsaScheme {
    /// What stands before an uncompressed point in a DER public key.
    const SPKI: &'static str;

    /// A child of the key, where there are any.
    fn child(_: &[u8; 64]) -> Child<Self> {
        Child::ITSELF
    }

    /// Key recovery by all libraries that know it, verification by all that do not.
    fn check(key: &[u8], prehash: &Prehash, signed: &Signed<Self>);

    /// The point uncompressed, and the signature in DER.
    fn for_openssl(key: &[u8], signed: &Signed<Self>) -> (Vec<u8>, Vec<u8>);
}

impl Verified for Secp256k1Ecdsa {
    const SPKI: &'static str = "3056301006072a8648ce3d020106052b8104000a034200";

    fn child(delta: &[u8; 64]) -> Child<Self> {
        child_at_offset(PublicScalar::from_uniform_bytes(delta))
    }

    fn check(key: &[u8], prehash: &Prehash, signed: &Signed<Self>) {
        use k256::ecdsa::VerifyingKey;
        let recovered =
            VerifyingKey::recover_from_prehash(prehash.as_bytes(), &signed.signature, signed.recovery_id).unwrap();
        assert_eq!(recovered, VerifyingKey::from_sec1_bytes(key).unwrap());
        let secp = secp256k1::Secp256k1::verification_only();
        let message = secp256k1::Message::from_digest(*prehash.as_bytes());
        let public = secp256k1::PublicKey::from_slice(key).unwrap();
        let compact = signed.signature.to_bytes();
        let theirs = secp256k1::ecdsa::Signature::from_compact(&compact).unwrap();
        secp.verify_ecdsa(&message, &theirs, &public).unwrap();
        // One recovery id, and no other, is right.
        for number in 0..4 {
            let number = secp256k1::ecdsa::RecoveryId::from_i32(number).unwrap();
            let signature = secp256k1::ecdsa::RecoverableSignature::from_compact(&compact, number).unwrap();
            let is_ours = number.to_i32() == i32::from(signed.recovery_id.to_byte());
            assert_eq!(secp.recover_ecdsa(&message, &signature).is_ok_and(|key| key == public), is_ours);
        }
    }

    fn for_openssl(key: &[u8], signed: &Signed<Self>) -> (Vec<u8>, Vec<u8>) {
        let key = k256::ecdsa::VerifyingKey::from_sec1_bytes(key).unwrap();
        (key.to_sec1_point(false).as_bytes().to_vec(), signed.signature.to_der().as_bytes().to_vec())
    }
}

impl Verified for P256Ecdsa {
    const SPKI: &'static str = "3059301306072a8648ce3d020106082a8648ce3d030107034200";

    fn check(key: &[u8], prehash: &Prehash, signed: &Signed<Self>) {
        use p256::ecdsa::VerifyingKey;
        let recovered =
            VerifyingKey::recover_from_prehash(prehash.as_bytes(), &signed.signature, signed.recovery_id).unwrap();
        assert_eq!(recovered, VerifyingKey::from_sec1_bytes(key).unwrap());
    }

    fn for_openssl(key: &[u8], signed: &Signed<Self>) -> (Vec<u8>, Vec<u8>) {
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(key).unwrap();
        (key.to_sec1_point(false).as_bytes().to_vec(), signed.signature.to_der().as_bytes().to_vec())
    }
}

/// What a random signer of a random set is asked for: a digest or a message, the key or, where there are any, a child.
fn request<S: Verified>(rng: &mut impl rand_core::CryptoRng) -> Request<S> {
    let mut delta = [0; 64];
    rng.fill_bytes(&mut delta);
    let child = if rng.next_u32().is_multiple_of(3) { Child::ITSELF } else { S::child(&delta) };
    let mut message = vec![0; rng.next_u32() as usize % 300];
    rng.fill_bytes(&mut message);
    if rng.next_u32().is_multiple_of(2) {
        return Request::new(Message::<Sha256>::new(&message), child).unwrap();
    }
    let mut digest = [0; 32];
    rng.fill_bytes(&mut digest);
    Request::new(Prehash::new(digest), child).unwrap()
}

/// At least t of the parties.
fn signers(t: usize, n: usize, rng: &mut impl rand_core::CryptoRng) -> Vec<usize> {
    loop {
        let picked: Vec<usize> = (0..n).filter(|_| !rng.next_u32().is_multiple_of(3)).collect();
        if picked.len() >= t {
            return picked;
        }
    }
}

/// Presigns with one set of signers in one session; all of it is spent, each on a request of its own.
fn batch<S: Verified>(team: &Team<S>, signers: &[usize], (label, count): (u8, usize), lines: &mut String) {
    let mut rng = rng(77 + u64::from(label));
    let inputs = |me| presign::Inputs::new(team.signer(me, signers, count), team.logs[me].clone());
    let made = drive::<Presign<S>>(team.start(signers, label, inputs));
    let stores: BTreeMap<PartyId, MemoryStore> = made.keys().map(|me| (*me, MemoryStore::new())).collect();
    let mut lists: BTreeMap<PartyId, _> = made.into_iter().map(|(me, list)| (me, list.into_iter())).collect();
    for nu in 0..count {
        let request = request::<S>(&mut rng);
        let combiner = id(1 + signers[rng.next_u32() as usize % signers.len()] as u16);
        let (mut shares, mut pending) = (BTreeMap::new(), None);
        for (me, list) in &mut lists {
            let store = &stores[me];
            let name = list.next().unwrap().store(store).unwrap();
            let presignature = Presignature::load(store, &name).unwrap();
            let public = team.shares[usize::from(me.get()) - 1].public();
            let (share, mine) = online::sign(presignature, public, &request, store).unwrap();
            if *me == combiner {
                pending = Some(mine);
            } else {
                shares.insert(*me, share);
            }
        }
        let others: Vec<PartyId> = shares.keys().copied().collect();
        let signed = pending.unwrap().combine(&Inbox::new(others, shares).unwrap()).unwrap();
        let point = team.key(request.child());
        assert!(verify::<S>(&point, request.prehash(), &signed.signature, SRule::Low));
        let key = encode_point::<S::Curve>(&point);
        S::check(&key, request.prehash(), &signed);
        let (uncompressed, der) = S::for_openssl(&key, &signed);
        let line = |digest: &[u8], good: u8, lines: &mut String| {
            let (key, digest, der) = (hex::encode(&uncompressed), hex::encode(digest), hex::encode(&der));
            writeln!(lines, "{}{key} {digest} {der} {good}", S::SPKI).unwrap();
        };
        line(request.prehash().as_bytes(), 1, lines);
        if nu == 0 {
            // One in a batch over another digest: so that it is seen that OpenSSL can say no.
            line(&[label; 32], 0, lines);
        }
    }
}

/// So many signatures of a 3-of-5 key, its pairs made by real setups; what OpenSSL is to be asked.
fn many<S: Verified>((t, n): (u16, u16), batches: u8, size: usize) -> String {
    let team = Team::<S>::new(t, n);
    let (mut rng, mut lines) = (rng(3), String::new());
    for label in 1..=batches {
        let signers = signers(t.into(), n.into(), &mut rng);
        batch(&team, &signers, (label, size), &mut lines);
    }
    lines
}

/// A small program that asks OpenSSL's library; `None` where it cannot be built.
fn openssl_program(folder: &Folder) -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openssl/verify.c");
    let program = folder.0.join("verify");
    let built = Command::new("cc").args(["-O1", "-o"]).arg(&program).arg(source).arg("-lcrypto").output().ok()?;
    built.status.success().then_some(program)
}

/// OpenSSL says of every line what the line says.
fn openssl_agrees(program: &Path, lines: &str) {
    let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let count: usize = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
    assert_eq!(count, lines.lines().count());
}

/// E-06: k256, p256 and libsecp256k1; OpenSSL too where its library and headers are installed.
#[test]
fn e_06_presigned_signatures_verify_everywhere() {
    let folder = Folder::new("many");
    let lines = [many::<Secp256k1Ecdsa>((3, 5), 10, 30), many::<P256Ecdsa>((3, 5), 10, 15)].concat();
    match openssl_program(&folder) {
        Some(program) => openssl_agrees(&program, &lines),
        None => println!("without OpenSSL: cc and its headers are not here"),
    }
}

fn ten_thousand<S: Verified>(folder: &str) {
    let folder = Folder::new(folder);
    let program = openssl_program(&folder).unwrap();
    let lines = many::<S>((2, 4), 100, 100);
    assert_eq!(lines.lines().count(), 10_100);
    openssl_agrees(&program, &lines);
}

/// E-06: ten thousand on secp256k1, all of them in the eyes of OpenSSL too.
#[test]
#[ignore = "takes minutes, and needs cc and OpenSSL's headers: .ci/run has both"]
fn e_06_ten_thousand_signatures() {
    ten_thousand::<Secp256k1Ecdsa>("ten-thousand");
}

/// E-06: ten thousand on P-256.
#[test]
#[ignore = "takes minutes, and needs cc and OpenSSL's headers: .ci/run has both"]
fn e_06_ten_thousand_signatures_p256() {
    ten_thousand::<P256Ecdsa>("ten-thousand-p256");
}

/// The program can say no: another key, another digest, another signature, what is none.
#[test]
fn openssl_says_no() {
    let folder = Folder::new("says-no");
    let Some(program) = openssl_program(&folder) else { return };
    let lines = many::<Secp256k1Ecdsa>((3, 5), 1, 2);
    let first = lines.lines().next().unwrap();
    let run = |line: &str| {
        let mut child = Command::new(&program).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(line.as_bytes()).unwrap();
        child.wait().unwrap().success()
    };
    assert!(run(first) && !run(&format!("{}0", &first[..first.len() - 1])));
    let fields: Vec<&str> = first.split(' ').collect();
    let other = encode_point::<Secp256k1>(&Secp256k1::mul_base(&5u64.into()));
    let other = k256::ecdsa::VerifyingKey::from_sec1_bytes(&other).unwrap();
    let other = format!("{}{}", Secp256k1Ecdsa::SPKI, hex::encode(other.to_sec1_point(false).as_bytes()));
    assert!(!run(&format!("{other} {} {} 1", fields[1], fields[2])));
    assert!(!run(&format!("{} {} {} 1", fields[0], "11".repeat(32), fields[2])));
    assert!(!run(&format!("{} {} 3006020101020101 1", fields[0], fields[1])));
    assert!(!run(&format!("{} {} 00 1", fields[0], fields[1])) && !run("nonsense"));
}
