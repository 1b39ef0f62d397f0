//! What each provider is asked to show.

mod confidential;
mod ending;
mod neighbours;
mod refreshing;
mod trouble;

use super::scene::Ground;

/// Panics where the provider or the program does not do what it should; else says what was seen, and what the provider does not have.
pub type Step = fn(&Ground) -> String;

/// The steps by their names. What stops the provider comes last.
pub const STEPS: [(&str, Step); 14] = [
    ("a login with the settings of its page", refreshing::login_of_page),
    ("ten refreshes with rotation", refreshing::ten_refreshes),
    ("a stolen refresh token", refreshing::stolen_token),
    ("a second login of the same person", neighbours::second_login),
    ("logout", ending::logout),
    ("key rotation", refreshing::key_rotation),
    ("the person disabled", ending::disabled),
    ("a login over at the provider", ending::over),
    ("another application in the same browser", neighbours::other_application),
    ("two clusters with one client", neighbours::two_clusters),
    ("a token of 20 KB", refreshing::huge_token),
    ("a client with an ugly secret", confidential::ugly_secret),
    ("frozen for two minutes under a poll", trouble::frozen),
    ("restarted in the middle", trouble::restarted),
];
