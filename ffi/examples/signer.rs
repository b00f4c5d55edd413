//! One party a process: `signer FOLDER ID N THRESHOLD PORT`. The same program as `signer.c`, straight on the Rust
//! library, to be mixed with it.

use std::error::Error;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs, thread};

use cosigil::frost::{Ed25519Sha512, Signing, SigningInputs, SigningRequest};
use cosigil::round::Protocol;
use cosigil::{
    Identity, KeyShare, Keygen, Label, Parcel, Parties, PartyId, PublicIdentity, Secret, Session, SessionParams,
    Threshold, Transcript,
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

struct Party {
    folder: PathBuf,
    me: PartyId,
    n: u16,
    port: u16,
    listener: TcpListener,
    identity: Identity,
}

impl Party {
    /// Writes our public identity into the folder, and waits for those of the others.
    fn meet(&self) -> Result<Parties> {
        let draft = self.folder.join(format!("{}.draft", self.me));
        fs::write(&draft, self.identity.public().as_bytes())?;
        fs::rename(draft, self.folder.join(format!("{}.public", self.me)))?;
        let mut members = Vec::new();
        for id in 1..=self.n {
            let path = self.folder.join(format!("{id}.public"));
            while !path.exists() {
                thread::sleep(Duration::from_millis(50));
            }
            let key: [u8; 32] = fs::read(path)?.as_slice().try_into()?;
            members.push((PartyId::new(id)?, PublicIdentity::from_bytes(&key)?));
        }
        Ok(Parties::new(members)?)
    }

    /// One connection a message; what is lost is sent again by whoever waits for an answer.
    fn send(&self, parcels: &[Parcel]) {
        for parcel in parcels {
            let to = (1..=self.n).filter(|id| *id != self.me.get() && parcel.to.is_none_or(|to| to.get() == *id));
            for id in to {
                if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port + id)) {
                    let _ = stream.write_all(&parcel.bytes);
                }
            }
        }
    }

    /// The next message, or nothing after a second without one.
    fn next(&self) -> Option<Vec<u8>> {
        for _ in 0..100 {
            if let Ok((mut stream, _)) = self.listener.accept() {
                let mut bytes = Vec::new();
                stream.set_nonblocking(false).ok()?;
                stream.read_to_end(&mut bytes).ok()?;
                return Some(bytes);
            }
            thread::sleep(Duration::from_millis(10));
        }
        None
    }

    /// Runs a session to its end.
    fn drive<P: Protocol>(&self, (mut session, first): (Session<P>, Vec<Parcel>)) -> Result<P::Output> {
        let (mut output, mut quiet) = (None, 0);
        self.send(&first); // after a checkpoint is stored, where there is one
        while !session.is_finished() {
            match self.next().map(|bytes| session.receive(&bytes)) {
                Some(Ok(progress)) => {
                    output = progress.output.or(output);
                    self.send(&progress.send);
                }
                Some(Err(cosigil::Error::Abort(abort))) => return Err(abort.into()),
                Some(Err(_)) => {} // not of this session: thrown away
                None if quiet == 60 => return Err(format!("no word from {:?}", session.awaiting()).into()),
                None => {
                    quiet += 1;
                    self.send(session.sent()); // somebody may have missed something
                }
            }
        }
        output.ok_or_else(|| "no output".into())
    }
}

fn label(name: &[u8]) -> Label {
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(name).for_each(|(to, from)| *to = *from);
    Label::from_bytes(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [folder, me, n, threshold, port] = arguments.as_slice() else {
        return Err("FOLDER ID N THRESHOLD PORT".into());
    };
    let (me, n, port): (u16, u16, u16) = (me.parse()?, n.parse()?, port.parse()?);
    let mut seed = Secret::new([0; 32]);
    getrandom::fill(seed.expose_mut()).map_err(|error| error.to_string())?;
    let mut rng = Transcript::new("an example's generator").field(seed.expose()).rng();
    let listener = TcpListener::bind(("127.0.0.1", port + me))?;
    listener.set_nonblocking(true)?;
    let identity = Identity::generate(&mut rng)?;
    let party = Party { folder: folder.into(), me: PartyId::new(me)?, n, port, listener, identity };
    let parties = party.meet()?;

    let params = SessionParams::new(label(b"keygen"), party.me, Threshold::new(threshold.parse()?)?, parties)?;
    let session = Session::<Keygen<Ed25519Sha512>>::start(params, &party.identity, (), &mut rng)?;
    let share: KeyShare<Ed25519Sha512> = party.drive(session)?;
    println!("key {}", hex(share.public().verifying_key()?.as_bytes()));

    let params = share.session_params(label(b"sign"), share.public().parties().ids())?;
    let inputs = SigningInputs { key_share: Arc::new(share), request: SigningRequest::new(b"pay 1 to Alice") };
    let signature =
        party.drive(Session::<Signing<Ed25519Sha512>>::start(params, &party.identity, inputs, &mut rng)?)?;
    println!("signature {}", hex(&signature.to_bytes()));
    Ok(())
}
