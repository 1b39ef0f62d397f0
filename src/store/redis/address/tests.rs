use super::*;

#[test]
fn what_is_not_a_redis_is_refused_without_its_password() {
    let no_certificate = tempfile::NamedTempFile::new().unwrap();
    for (url, ca_file) in [
        ("redis.example:hunter2", None),
        ("https://:hunter2@redis.example", None),
        ("unix:///hunter2", None),
        ("redis://:hunter2@redis.example/not-a-number", None),
        ("rediss://:hunter2@redis.example#insecure", None),
        ("rediss://:hunter2@redis.example", Some(no_certificate.path())),
        ("rediss://:hunter2@redis.example", Some(Path::new("does-not-exist.pem"))),
        ("redis+sentinel://:hunter2@redis.example:26379", None),
        ("redis+sentinel://:hunter2@redis.example:26379/", None),
        ("redis+sentinel://:hunter2@redis.example:26379/dev/not-a-number", None),
        ("redis+sentinel://:hunter2@redis.example,,another/dev", None),
        ("redis+sentinel://:hunter2@redis.example:port/dev", None),
        ("redis+sentinel://redis.example/dev?sentinelPassword=hunter2", None),
        ("rediss+sentinel://:hunter2@redis.example/dev#insecure", None),
        ("rediss+sentinel://:hunter2@redis.example/dev", Some(no_certificate.path())),
    ] {
        let refused = Address::parse(url, ca_file).err().unwrap();
        assert_eq!(matches!(refused, UnusableRedis::CaFile(_)), ca_file.is_some(), "{url}");
        assert!(!refused.to_string().contains("hunter2") && !format!("{refused:?}").contains("hunter2"));
    }
}

#[test]
fn sentinels_are_found_where_the_url_says() {
    let url = "redis+sentinel://felix:p%40ss@one.example,two.example:5,[::1]:7/dev/3?sentinel_password=a%26b";
    let Ok(Address::Sentinels(sentinels)) = Address::parse(url, None) else { panic!("no sentinels") };
    assert_eq!(sentinels.addresses(), ["one.example:26379", "two.example:5", "::1:7"]);
}
