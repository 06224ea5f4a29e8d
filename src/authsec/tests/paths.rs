//! The paths of each generation (`docs/wire.md`, section 1).

use crate::authsec::{ApiRoutes, Paths, Plane};

fn admin() -> Plane {
    Plane::Admin { workspace_id: Some("w-1".to_owned()) }
}

fn client(workspace_id: Option<&str>) -> Plane {
    Plane::Client { client_id: "client-1".to_owned(), workspace_id: workspace_id.map(str::to_owned) }
}

#[test]
fn section_1_the_admin_paths_of_each_generation() {
    let merged = Paths {
        initiate: "/authsec/uflow/auth/ciba/initiate",
        poll: "/authsec/uflow/auth/ciba/token",
        totp: "/authsec/uflow/auth/totp/login",
    };
    assert_eq!(ApiRoutes::Workspace.paths(&admin()), merged);
    assert_eq!(ApiRoutes::Tenant.paths(&admin()), merged);
    let before = Paths {
        initiate: "/uflow/auth/ciba/initiate",
        poll: "/uflow/auth/ciba/token",
        totp: "/uflow/auth/totp/login",
    };
    assert_eq!(ApiRoutes::Unprefixed.paths(&admin()), before);
    assert_eq!(ApiRoutes::Unprefixed.paths(&Plane::Admin { workspace_id: None }), before);
}

#[test]
fn section_1_the_client_paths_of_each_generation() {
    for (routes, base) in [
        (ApiRoutes::Workspace, "/authsec/uflow/auth/workspace"),
        (ApiRoutes::Tenant, "/authsec/uflow/auth/tenant"),
        (ApiRoutes::Unprefixed, "/uflow/auth/tenant"),
    ] {
        let paths = routes.paths(&client(None));
        assert_eq!(paths.initiate, format!("{base}/ciba/initiate"));
        assert_eq!(paths.poll, format!("{base}/ciba/token"));
        assert_eq!(paths.totp, format!("{base}/totp/login"));
    }
    assert_eq!(ApiRoutes::default(), ApiRoutes::Workspace);
}

/// O-01, O-03: at the root, with no discovery; a code goes by the admin route, whether or not a workspace is named.
#[test]
fn o01_o03_the_paths_of_the_standard() {
    for workspace_id in [None, Some("w-1")] {
        let paths = Paths {
            initiate: "/oauth/bc-authorize",
            poll: "/oauth/token",
            totp: "/authsec/uflow/auth/totp/login",
        };
        assert_eq!(ApiRoutes::OAuth.paths(&client(workspace_id)), paths);
    }
}

#[test]
fn section_2_6_with_a_workspace_totp_takes_the_admin_path() {
    for routes in [ApiRoutes::Workspace, ApiRoutes::Tenant, ApiRoutes::Unprefixed] {
        let (with, without) = (routes.paths(&client(Some("w-1"))), routes.paths(&client(None)));
        assert_eq!(with.totp, routes.paths(&admin()).totp, "{routes:?}");
        assert_eq!((with.initiate, with.poll), (without.initiate, without.poll), "{routes:?}");
    }
}

#[test]
fn section_1_no_path_is_the_one_that_never_existed() {
    for routes in [ApiRoutes::Workspace, ApiRoutes::Tenant, ApiRoutes::Unprefixed] {
        for plane in [admin(), client(None), client(Some("w-1"))] {
            let Paths { initiate, poll, totp } = routes.paths(&plane);
            for path in [initiate, poll, totp] {
                assert!(
                    !path.contains("tenantAuth") && path.starts_with('/') && !path.contains("//"),
                    "{path}"
                );
            }
        }
    }
}

#[test]
fn f61_routes_have_one_spelling_in_settings_and_logs() {
    for (routes, text) in [
        (ApiRoutes::Workspace, "workspace"),
        (ApiRoutes::Tenant, "tenant"),
        (ApiRoutes::Unprefixed, "unprefixed"),
    ] {
        assert_eq!((routes.as_str(), routes.to_string().as_str()), (text, text));
        assert_eq!(text.parse::<ApiRoutes>().expect("routes"), routes);
    }
    for text in ["", "Workspace", " tenant", "admin"] {
        let error = text.parse::<ApiRoutes>().expect_err("no routes");
        assert_eq!((error.kind(), error.field()), (crate::ErrorKind::Config, Some("routes")), "{text:?}");
    }
}

#[cfg(feature = "serde")]
#[test]
fn f61_routes_are_serde_as_they_are_spelled() {
    assert_eq!(serde_json::to_string(&ApiRoutes::Unprefixed).expect("JSON"), r#""unprefixed""#);
    assert_eq!(serde_json::from_str::<ApiRoutes>(r#""tenant""#).expect("routes"), ApiRoutes::Tenant);
    assert!(serde_json::from_str::<ApiRoutes>(r#""Tenant""#).is_err());
}
