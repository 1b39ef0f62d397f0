//! Keycloak, started once: each step has a realm of its own.

mod admin;
mod server;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use serde_json::{Value, json};

use self::server::Server;
use super::login_form::LoginForm;
use super::site::{
    CLIENT, Freeze, HUGE, ID_TOKEN_SECONDS, Logins, Logout, Manners, OTHER_CLIENT, OTHER_REDIRECT, Over,
    PASSWORD, PERSON, Provider, REDIRECT, Restart, Reuse, Site, Spending, TokenSize, Wanted,
};
use crate::harness::world::World;

pub struct Keycloak {
    server: Rc<RefCell<Server>>,
    realms: Cell<u32>,
}

impl Keycloak {
    pub fn start(world: &World) -> Self {
        Self { server: Rc::new(RefCell::new(Server::start(world))), realms: Cell::new(0) }
    }
}

impl Provider for Keycloak {
    fn name(&self) -> &'static str {
        "keycloak"
    }

    fn manners(&self) -> Manners {
        Manners {
            username_claim: "email",
            spent: "refresh_refused",
            reuse: Reuse::EndsLogin,
            disabled: "refresh_refused",
            over: Over::Announced,
            logout: Logout::Revokes,
            logins_a_client: Logins::Many,
            freeze: Freeze::LivesOn,
            restart: Restart::Remembers,
            no_browser_session: None,
        }
    }

    fn open(&self, _world: &World, wanted: &Wanted) -> Box<dyn Site> {
        self.realms.set(self.realms.get() + 1);
        let name = format!("realm-{}", self.realms.get());
        let server = self.server.borrow();
        server.create("", &realm(&name, wanted));
        // A user in the realm's own document would have none of its roles; this one has `offline_access`, as people do.
        server.create(&format!("{name}/users"), &person());
        drop(server);
        Box::new(Realm { server: Rc::clone(&self.server), name })
    }
}

struct Realm {
    server: Rc<RefCell<Server>>,
    name: String,
}

fn realm(name: &str, wanted: &Wanted) -> Value {
    let other = json!({ "clientId": OTHER_CLIENT, "publicClient": true, "redirectUris": [OTHER_REDIRECT] });
    let mut realm = json!({
        "realm": name, "enabled": true, "sslRequired": "none",
        "accessTokenLifespan": ID_TOKEN_SECONDS,
        "revokeRefreshToken": wanted.spending == Spending::Strict, "refreshTokenMaxReuse": 0,
        "clients": [client(wanted), other],
    });
    if let Some(life) = wanted.login_seconds {
        realm["offlineSessionMaxLifespanEnabled"] = json!(true);
        realm["offlineSessionMaxLifespan"] = json!(life);
    }
    realm
}

fn person() -> Value {
    json!({
        "username": PERSON, "email": PERSON, "emailVerified": true, "enabled": true,
        "firstName": "Felix", "lastName": "Example",
        "credentials": [{ "type": "password", "value": PASSWORD }],
    })
}

fn client(wanted: &Wanted) -> Value {
    let mut client = json!({ "clientId": CLIENT, "publicClient": true, "redirectUris": [REDIRECT] });
    if let Some(secret) = wanted.secret {
        client["publicClient"] = json!(false);
        client["secret"] = json!(secret);
    }
    if wanted.token == TokenSize::Huge {
        client["protocolMappers"] = json!([{
            "name": "huge", "protocol": "openid-connect", "protocolMapper": "oidc-hardcoded-claim-mapper",
            "config": {
                "claim.name": "huge", "claim.value": "y".repeat(HUGE), "jsonType.label": "String",
                "id.token.claim": "true", "access.token.claim": "false",
            },
        }]);
    }
    client
}

impl Site for Realm {
    fn issuer(&self) -> String {
        format!("{}/realms/{}", self.server.borrow().url(), self.name)
    }

    fn form(&self) -> LoginForm {
        LoginForm { name: "#username", password: "#password", button: "#kc-login" }
    }

    /// A new key comes before the old one, which stays.
    fn rotate_keys(&mut self) {
        let server = self.server.borrow();
        let realm = server.get(&self.name);
        let key = json!({
            "name": "second", "providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider",
            "parentId": realm["id"],
            "config": {
                "priority": ["200"], "enabled": ["true"], "active": ["true"],
                "algorithm": ["RS256"], "keySize": ["2048"],
            },
        });
        server.create(&format!("{}/components", self.name), &key);
    }

    fn disable_person(&mut self) {
        let server = self.server.borrow();
        let mut person = server.get(&format!("{}/users?exact=true&username={PERSON}", self.name))[0].take();
        person["enabled"] = json!(false);
        let id = person["id"].as_str().unwrap().to_owned();
        server.put(&format!("{}/users/{id}", self.name), &person);
    }

    fn end_login(&mut self) {
        unreachable!("its lifetime can be set");
    }

    fn freeze(&self) {
        self.server.borrow().freeze();
    }

    fn resume(&self) {
        self.server.borrow().resume();
    }

    fn restart(&mut self) {
        self.server.borrow_mut().restart();
    }
}
