//! Identity on real databases and against a real stand-in for WeChat: SQLite always, PostgreSQL when `SANGZI_TEST_POSTGRES`
//! names a server.
#![allow(clippy::unwrap_used, reason = "a test helper that fails has found what it looks for")]

mod identity_world;

use std::time::Duration;

use app::identity::{GivenStaff, IdentityError, ProposedStaff, StaffSession, StaffStanding};
use app::{Once, trail};
use domain::role::{Member, Role};
use domain::{DonorId, StaffId, Timestamp};
use identity_world::{World, on_both};
use sea_orm::{EntityTrait, PaginatorTrait};
use secrecy::ExposeSecret;

/// A password that cannot be read off a log, and the seed of RFC 6238.
const PASSWORD: &str = "correct horse battery staple";
const SEED: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

async fn given(w: &World, username: &str, role: Role) -> StaffId {
    let totp_secret = role.needs_otp().then(|| Once::from(SEED));
    let given = GivenStaff {
        id: StaffId::new(),
        role,
        username: username.to_owned(),
        name: "示例".to_owned(),
        password: PASSWORD.into(),
        totp_secret,
        unit: None,
        person: None,
    };
    w.identity.create_staff_with(given).await.unwrap()
}

/// The one-time password of [`SEED`] so many seconds from now.
fn otp(w: &World, seconds: i64) -> String {
    otp_of(SEED, w, seconds)
}

fn otp_of(seed: &str, w: &World, seconds: i64) -> String {
    let secret = totp_rs::Secret::try_from_base32(seed).unwrap();
    let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    totp.generate(u64::try_from(w.real.now().seconds() + seconds).unwrap()).to_string()
}

async fn login(w: &World, username: &str, password: &str, otp: Option<&str>) -> Result<StaffSession, IdentityError> {
    w.identity.login_staff(username, password, otp, "192.0.2.1").await
}

fn forward(w: &World, seconds: u64) {
    w.real.set(w.real.now().after(Duration::from_secs(seconds)));
}

fn member(id: StaffId, roles: &[Role]) -> Member {
    Member::everywhere(id, roles, "192.0.2.1")
}

fn until(result: Result<StaffSession, IdentityError>) -> Timestamp {
    match result {
        Err(IdentityError::Locked { until, .. }) => until,
        other => panic!("not locked: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_first_logins_of_one_person_make_one_donor() {
    on_both(async |w| {
        let logins = (0..20).map(|_| {
            let (identity, code) = (w.identity.clone(), w.sandbox.code("oSample000000000000000000001"));
            tokio::spawn(async move { identity.login_donor(&code).await })
        });
        let mut donors = Vec::new();
        for login in logins.collect::<Vec<_>>() {
            donors.push(login.await.unwrap().unwrap());
        }
        assert!(donors.iter().all(|session| session.donor == donors[0].donor));
        assert_eq!(entity::donor::Entity::find().count(w.db.read()).await.unwrap(), 1);
        for session in &donors {
            assert_eq!(w.identity.donor_of(session.token.expose_secret()).await.unwrap(), session.donor);
        }
        let openid = w.identity.openid_of(donors[0].donor).await.unwrap();
        assert_eq!(openid.as_str(), "oSample000000000000000000001");
        let row = entity::donor::Entity::find().one(w.db.read()).await.unwrap().unwrap();
        assert!(!row.openid_sealed.windows(7).any(|part| part == b"oSample"), "sealed");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_works_once_and_a_token_until_it_is_ended() {
    on_both(async |w| {
        let code = w.sandbox.code("oA");
        let session = w.identity.login_donor(&code).await.unwrap();
        assert!(matches!(w.identity.login_donor(&code).await, Err(IdentityError::LoginCode)));
        let other = w.identity.login_donor(&w.sandbox.code("oB")).await.unwrap();
        assert_ne!(session.donor, other.donor);
        let token = session.token.expose_secret();
        assert_eq!(token.len(), 43);
        w.identity.logout(token).await.unwrap();
        w.identity.logout(token).await.unwrap();
        assert!(matches!(w.identity.donor_of(token).await, Err(IdentityError::NotSignedIn)));
        assert!(w.identity.donor_of(other.token.expose_secret()).await.is_ok(), "only that session");
        assert!(matches!(w.identity.member_of(other.token.expose_secret(), "").await, Err(IdentityError::NotSignedIn)));
        forward(w, 30 * 86_400);
        assert!(matches!(w.identity.donor_of(other.token.expose_secret()).await, Err(IdentityError::NotSignedIn)));
        assert_eq!(w.identity.sweep_sessions().await.unwrap(), 1, "the one that ended a month ago");
        forward(w, 31 * 86_400);
        assert_eq!(w.identity.sweep_sessions().await.unwrap(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sealed_for_a_donor_opens_alone_and_in_bulk() {
    on_both(async |w| {
        let a = w.identity.login_donor(&w.sandbox.code("oA")).await.unwrap().donor;
        let b = w.identity.login_donor(&w.sandbox.code("oB")).await.unwrap().donor;
        let (of_a, of_b) =
            (w.identity.seal_for(a, "王小明").await.unwrap(), w.identity.seal_for(b, "李四").await.unwrap());
        assert_eq!(w.identity.open_for(a, &of_a).await.unwrap(), "王小明");
        assert!(matches!(w.identity.open_for(b, &of_a).await, Err(IdentityError::Vault(_))));
        assert!(matches!(w.identity.seal_for(DonorId::new(), "x").await, Err(IdentityError::NoSuchDonor)));
        let many = [(b, of_b.clone()), (a, of_a.clone()), (b, of_a.clone()), (DonorId::new(), of_a), (b, of_b)];
        let texts = w.identity.open_many(&many).await.unwrap();
        let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
        assert_eq!(texts, [Some("李四"), Some("王小明"), None, None, Some("李四")]);
        let openids = w.identity.openids_of(&[a, b, DonorId::new()]).await.unwrap();
        assert_eq!((openids.len(), openids[&a].as_str()), (2, "oA"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_lock_an_account_for_longer_and_longer() {
    on_both(async |w| {
        given(w, "auditor", Role::Auditor).await;
        for name in ["auditor", "nobody"] {
            for _ in 0..5 {
                let result = login(w, name, "wrong", None).await;
                assert!(matches!(result, Err(IdentityError::WrongCredentials)), "{name} {result:?}");
            }
            let locked = until(login(w, name, PASSWORD, None).await);
            let wait = locked.apart(w.real.now()).as_secs();
            assert!((20..=30).contains(&wait), "{name} waits {wait} s: names that are nobody's wait just the same");
        }
        forward(w, 31);
        assert!(matches!(login(w, "auditor", "wrong", None).await, Err(IdentityError::WrongCredentials)));
        let locked = until(login(w, "auditor", PASSWORD, None).await);
        assert!(locked.apart(w.real.now()).as_secs() > 50);
        forward(w, 61);
        let session = login(w, "auditor", PASSWORD, None).await.unwrap();
        assert_eq!(session.member.roles(), [Role::Auditor]);
        for _ in 0..4 {
            assert!(matches!(login(w, "auditor", "wrong", None).await, Err(IdentityError::WrongCredentials)));
        }
        login(w, "auditor", PASSWORD, None).await.expect("a success starts the count anew");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_guesses_at_once_are_not_five_guesses() {
    on_both(async |w| {
        given(w, "auditor", Role::Auditor).await;
        let guesses = (0..40).map(|n| {
            let identity = w.identity.clone();
            tokio::spawn(async move { identity.login_staff("auditor", &format!("guess {n}"), None, "").await })
        });
        let mut heard = 0;
        for guess in guesses.collect::<Vec<_>>() {
            match guess.await.unwrap() {
                Err(IdentityError::WrongCredentials) => heard += 1,
                Err(IdentityError::Locked { .. }) => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(heard, 5);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_one_time_password_is_compulsory_and_works_once() {
    on_both(async |w| {
        given(w, "cashier", Role::Cashier).await;
        assert!(matches!(login(w, "cashier", "wrong", None).await, Err(IdentityError::WrongCredentials)));
        for _ in 0..10 {
            let result = login(w, "cashier", PASSWORD, None).await;
            assert!(matches!(result, Err(IdentityError::OtpNeeded)), "asking for it does not lock: {result:?}");
        }
        let code = otp(w, 0);
        login(w, "cashier", PASSWORD, Some(&code)).await.unwrap();
        let again = login(w, "cashier", PASSWORD, Some(&code)).await;
        assert!(matches!(again, Err(IdentityError::WrongCredentials)), "a second time");
        let earlier = otp(w, -30);
        assert!(matches!(login(w, "cashier", PASSWORD, Some(&earlier)).await, Err(IdentityError::WrongCredentials)));
        let later = otp(w, 30);
        let one_of_two = {
            let both = [0, 1].map(|_| {
                let (identity, later) = (w.identity.clone(), later.clone());
                tokio::spawn(async move { identity.login_staff("cashier", PASSWORD, Some(&later), "").await })
            });
            let mut good = 0;
            for login in both {
                good += usize::from(login.await.unwrap().is_ok());
            }
            good
        };
        assert_eq!(one_of_two, 1, "the step after counts, once");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_time_passwords_cannot_be_guessed_behind_a_right_password() {
    on_both(async |w| {
        given(w, "cashier", Role::Cashier).await;
        let mut heard = 0;
        for n in 0..12 {
            match login(w, "cashier", PASSWORD, (n % 2 == 0).then_some("000000")).await {
                Err(IdentityError::WrongCredentials) => heard += 1,
                Err(IdentityError::OtpNeeded | IdentityError::Locked { .. }) => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(heard, 5, "asking without a code in between does not start the count anew");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_staff_end_when_somebody_says_so() {
    on_both(async |w| {
        let id = given(w, "auditor", Role::Auditor).await;
        let admin = member(given(w, "admin", Role::Admin).await, &[Role::Admin]);
        let one = login(w, "auditor", PASSWORD, None).await.unwrap();
        let two = login(w, "auditor", PASSWORD, None).await.unwrap();
        let me = w.identity.member_of(one.token.expose_secret(), "192.0.2.7").await.unwrap();
        assert_eq!(me, Member::everywhere(id, &[Role::Auditor], "192.0.2.7"));
        assert_eq!(w.identity.sessions_of(&me, id).await.unwrap().len(), 2);
        w.identity.logout(two.token.expose_secret()).await.unwrap();
        assert_eq!(w.identity.sessions_of(&me, id).await.unwrap().len(), 1);
        let stranger = member(StaffId::new(), &[Role::Cashier]);
        assert!(matches!(w.identity.end_sessions_of(&stranger, id).await, Err(IdentityError::Forbidden(_))));
        assert_eq!(w.identity.end_sessions_of(&admin, id).await.unwrap(), 1);
        let gone = w.identity.member_of(one.token.expose_secret(), "").await;
        assert!(matches!(gone, Err(IdentityError::NotSignedIn)));
        let three = login(w, "auditor", PASSWORD, None).await.unwrap();
        forward(w, 12 * 3_600);
        let gone = w.identity.member_of(three.token.expose_secret(), "").await;
        assert!(matches!(gone, Err(IdentityError::NotSignedIn)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_makes_staff_until_two_administrators_are_active() {
    on_both(async |w| {
        let first = w.identity.create_first_staff(Role::Admin, "first", "甲", None).await.unwrap();
        let auditor = w.identity.create_first_staff(Role::Auditor, "auditor", "丙", None).await.unwrap();
        assert!(first.totp_secret.is_some() && auditor.totp_secret.is_none());
        login(w, "auditor", auditor.password.expose_secret(), None).await.unwrap();
        let code = otp_of(first.totp_secret.as_ref().unwrap().expose_secret(), w, 0);
        login(w, "first", first.password.expose_secret(), Some(&code)).await.unwrap();
        let taken = w.identity.create_first_staff(Role::Admin, "first", "乙", None).await;
        assert!(matches!(taken, Err(IdentityError::UsernameTaken)), "{taken:?}");
        let bad = w.identity.create_first_staff(Role::Admin, "Second One", "乙", None).await;
        assert!(matches!(bad, Err(IdentityError::Invalid(_))));
        let race = ["second", "third", "fourth"].map(|name| {
            let identity = w.identity.clone();
            tokio::spawn(async move { identity.create_first_staff(Role::Admin, name, "乙", None).await })
        });
        let mut made = 0;
        for one in race {
            match one.await.unwrap() {
                Ok(_) => made += 1,
                Err(IdentityError::OnlyTheConsole) => {}
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(made, 1);
        let more = w.identity.create_first_staff(Role::Auditor, "another", "丁", None).await;
        assert!(matches!(more, Err(IdentityError::OnlyTheConsole)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_administrator_hands_out_credentials() {
    on_both(async |w| {
        let first = member(given(w, "first", Role::Admin).await, &[Role::Admin]);
        let second = member(given(w, "second", Role::Admin).await, &[Role::Admin]);
        let id = StaffId::new();
        let roles = [Role::FinanceHead, Role::Disclosure];
        let new = |id: StaffId, name: &str, person: &str| ProposedStaff {
            id,
            username: "head".to_owned(),
            name: name.to_owned(),
            grants: roles.map(|role| (role, None)).to_vec(),
            person: person.parse().unwrap(),
        };
        let propose =
            async |by: &Member, name: &str| w.identity.propose_staff(by, new(id, name, "11010519491231002X")).await;
        let cashier = member(StaffId::new(), &[Role::Cashier]);
        assert!(matches!(propose(&cashier, "戊").await, Err(IdentityError::Forbidden(_))));
        propose(&first, "戊").await.unwrap();
        propose(&first, "戊").await.expect("the same again changes nothing");
        assert!(matches!(propose(&first, "己").await, Err(IdentityError::IdReused)));
        let other = w.identity.propose_staff(&first, new(StaffId::new(), "戊", "440524188001010014")).await;
        assert!(matches!(other, Err(IdentityError::UsernameTaken)));
        let early = w.identity.activate_staff(&first, id).await;
        assert!(matches!(early, Err(IdentityError::SecondPersonNeeded)));
        let new = w.identity.activate_staff(&second, id).await.unwrap();
        let twice = w.identity.activate_staff(&second, id).await;
        assert!(matches!(twice, Err(IdentityError::WrongState)));

        let seed = new.totp_secret.as_ref().unwrap().expose_secret();
        let session = login(w, "head", new.password.expose_secret(), Some(&otp_of(seed, w, 0))).await.unwrap();
        assert_eq!(session.member.roles(), [Role::FinanceHead, Role::Disclosure]);

        // A reset: one shuts out, the other lets in again.
        w.identity.reset_credentials(&second, id).await.unwrap();
        let gone = w.identity.member_of(session.token.expose_secret(), "").await;
        assert!(matches!(gone, Err(IdentityError::NotSignedIn)));
        let old = login(w, "head", new.password.expose_secret(), None).await;
        assert!(matches!(old, Err(IdentityError::WrongCredentials)));
        let own = w.identity.activate_staff(&second, id).await;
        assert!(matches!(own, Err(IdentityError::SecondPersonNeeded)));
        w.identity.reset_credentials(&first, id).await.expect("it is reset already; that changes nothing");
        let own = w.identity.activate_staff(&second, id).await;
        assert!(matches!(own, Err(IdentityError::SecondPersonNeeded)), "who asked first stays who asked");
        let renewed = w.identity.activate_staff(&first, id).await.unwrap();
        assert_ne!(renewed.password.expose_secret(), new.password.expose_secret());

        // What one disabled the other cannot simply switch on.
        w.identity.disable_staff(&second, id).await.unwrap();
        assert!(matches!(w.identity.activate_staff(&first, id).await, Err(IdentityError::WrongState)));
        let lines = w.identity.staff(&first).await.unwrap();
        let line = lines.iter().find(|line| line.id == id).unwrap();
        assert_eq!((line.standing, line.asked_by), (StaffStanding::Disabled, Some(second.id)));

        let told = trail::page(w.db.read(), &trail::Search::default(), None, 100).await.unwrap();
        let about: Vec<&str> =
            told.iter().rev().filter(|line| line.object == trail::staff(id)).map(|line| line.action.as_str()).collect();
        assert_eq!(
            about,
            [
                "staff.propose",
                "staff.activate",
                "staff.login",
                "staff.reset_credentials",
                "staff.activate",
                "staff.disable"
            ]
        );
        let next = trail::page(w.db.read(), &trail::Search::default(), Some(told[1].id), 2).await.unwrap();
        assert_eq!(next, told[2..4], "a page goes on where the last one ended");
        let plain = format!("{told:?}");
        assert!(!plain.contains('戊') && !plain.contains(new.password.expose_secret()), "ids only");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invented_world_finds_its_staff_again() {
    on_both(async |w| {
        let id = given(w, "cashier", Role::Cashier).await;
        assert_eq!(given(w, "cashier", Role::Cashier).await, id);
        assert_eq!(entity::staff::Entity::find().count(w.db.read()).await.unwrap(), 1);
        let other = GivenStaff {
            id: StaffId::new(),
            role: Role::Auditor,
            username: "cashier".to_owned(),
            name: "示例".to_owned(),
            password: PASSWORD.into(),
            totp_secret: None,
            unit: None,
            person: None,
        };
        assert!(matches!(w.identity.create_staff_with(other).await, Err(IdentityError::UsernameTaken)));
        let both = [0, 1].map(|_| {
            let identity = w.identity.clone();
            tokio::spawn(async move {
                let given = GivenStaff {
                    id: StaffId::new(),
                    role: Role::Auditor,
                    username: "auditor".to_owned(),
                    name: "示例".to_owned(),
                    password: PASSWORD.into(),
                    totp_secret: None,
                    unit: None,
                    person: None,
                };
                identity.create_staff_with(given).await.unwrap()
            })
        });
        let [one, two] = both;
        assert_eq!(one.await.unwrap(), two.await.unwrap());
    })
    .await;
}
