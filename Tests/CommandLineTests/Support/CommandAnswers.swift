import Foundation

/// What the stub of the API answers to every command of the tree.
enum CommandAnswers {
    static let project = "/platform/projects/\(Sample.refText)"
    static let v1 = "/v1/projects/\(Sample.refText)"
    static let hash = String(repeating: "0", count: 64)

    static let backups = "/platform/database/\(Sample.refText)/backups"
    static let credentials = "/platform/storage/\(Sample.refText)/credentials"
    static let backup =
        #"{"id": 5, "state": "stored", "reason": "request", "inserted_at": "2026-01-01T00:00:00Z"}"#
    static let schedule = #"{"schedule_for": "03:00:00", "updated_at": "2026-01-01T00:00:00Z"}"#
    static let organizations = #"[{"id": 1, "slug": "default", "name": "Default", "is_owner": true}]"#

    static let answers: [String: String] = [
        "GET /platform/projects":
            #"{"pagination": {"count": 1}, "projects": [\#(Sample.row(name: "shop"))]}"#,
        "GET \(project)": Sample.detail(),
        "GET \(project)/services": Sample.progress("ACTIVE_HEALTHY", services: [("db", "ready")]),
        "GET \(project)/credentials":
            #"{"database": {"host": "h", "port": 5, "name": "n", "user": "u", "password": "pass/word"}, "#
            + #""dashboard": {"url": null, "username": null, "password": null}}"#,
        "GET \(v1)/api-keys": #"[{"name": "anon", "type": "legacy", "api_key": "the-anon-key"}]"#,
        "PATCH \(project)": "{}",
        "POST \(project)/import":
            #"{"dry_run": false, "taken": {"TABLE": 2}, "rows": {"public.a": 3}, "changed": {}, "left_out": {}, "#
            + #""by_hand": {"files": 1}}"#,
        "GET \(project)/events": #"{"events": []}"#,
        "PATCH \(project)/services":
            #"{"plan": {"from": null, "to": "0123456789abcdef", "replaced": [], "added": [], "removed": ["pooler"], "#
            + #""untouched": ["db"], "images": [], "unused_volumes": [], "interrupted": [], "#
            + #""interruption_seconds_max": 0, "refusals": []}}"#,
        "POST \(v1)/database/query": #"[{"zeta": 1, "alpha": "x"}, {"zeta": null, "alpha": "y"}]"#,
        "GET \(v1)/config/auth": #"{"site_url": "http://a", "disable_signup": false, "smtp_host": null}"#,
        "PATCH \(v1)/config/auth": "{}",
        "GET \(v1)/secrets": #"[{"name": "A", "value": "\#(hash)", "updated_at": "2026-01-01T00:00:00.000Z"}]"#,
        "POST \(v1)/secrets": "{}", "DELETE \(v1)/secrets": "{}",
        "GET \(v1)/functions":
            #"[{"slug": "hello", "name": "Hello", "version": 3, "status": "ACTIVE", "verify_jwt": true, "updated_at": 0}]"#,
        "DELETE \(v1)/functions/hello": "{}",
        "GET \(credentials)":
            #"{"data": [{"id": "7", "description": "laptop", "access_key": "k", "created_at": "2026-01-01T00:00:00Z"}]}"#,
        "POST \(credentials)":
            #"{"id": "7", "description": "laptop", "access_key": "k", "secret_key": "shown-once"}"#,
        "DELETE \(credentials)/7": "",
        "GET \(backups)": #"{"backups": [\#(backup)]}"#, "POST \(backups)": backup, "POST \(backups)/5/verify": backup,
        "POST \(backups)/restore": "{}", "POST \(backups)/undo-restore": "{}",
        "GET \(project)/status": #"{"status": "RESTORING"}"#,
        "GET \(v1)/database/backups/schedule": schedule, "PATCH \(v1)/database/backups/schedule": schedule,
        "GET /platform/organizations": organizations,
        "POST /platform/organizations": #"{"id": 2, "slug": "abc", "name": "Second", "is_owner": true}"#,
        "DELETE /platform/organizations/default": "{}",
        "GET /platform/organizations/default/members":
            #"[{"gotrue_id": "u-1", "username": "ada", "primary_email": "ada@example.com", "role_ids": [1, 9]}]"#,
        "GET /platform/organizations/default/roles":
            #"{"org_scoped_roles": [{"id": 1, "name": "Owner", "description": "all", "projects": []}, "#
            + #"{"id": 3, "name": "Developer", "description": "some", "projects": []}], "project_scoped_roles": "#
            + #"[{"id": 9, "name": "Developer", "description": null, "projects": [{"ref": "r", "name": "shop"}]}]}"#,
        "POST /platform/organizations/default/members/invitations":
            #"{"id": 4, "invited_email": "b@example.com", "expires_at": "2026-02-01T00:00:00Z", "token": "t0ken"}"#,
        "DELETE /platform/organizations/default/members/u-1": "{}",
        "GET /platform/organizations/default/audit":
            #"{"result": [{"number": 7, "occurred_at": "2026-01-01T00:00:00Z", "project_ref": null, "#
            + #""action": {"name": "project.create", "status": 201}, "actor": {"email": "ada@example.com", "ip": "::1"}, "#
            + #""target": {"description": "shop"}}]}"#,
        "GET /platform/profile/access-tokens": #"[{"id": 3, "name": "laptop", "token_alias": "sbp_12"}]"#,
        "POST /platform/signup": "", "DELETE /platform/organizations/default/members/invitations/4": "",
        "POST /platform/accounts/u-1/reset-password": #"{"gotrue_id": "u-1", "access_tokens_revoked": 2}"#,
        "GET \(project)/usage":
            #"{"range": "1h", "resolution_seconds": 60, "start": "a", "end": "b", "samples": "#
            + #"[{"at": "2026-01-01T00:00:00Z", "processors": 0.0125, "memory_bytes": 47396659, "memory_bytes_max": 1, "#
            + #""database_bytes": null}]}"#,
        "GET /platform/jobs": "[]",
        "GET /platform/orphans":
            #"[{"id": 5, "kind": "volume", "engine_id": "v", "name": "v", "project_label": "r", "first_seen": "t", "#
            + #""grace_until": "t", "state": "reported"}]"#,
        "POST /platform/orphans/5/remove":
            #"{"id": 5, "kind": "volume", "engine_id": "v", "name": "v", "project_label": "r", "first_seen": "t", "#
            + #""grace_until": "t", "state": "removing"}"#,
        "GET /platform/organizations/default/kept-volumes": "[]",
        "DELETE /platform/organizations/default/kept-volumes/vol": "{}",
        "POST \(project)/volumes/vol/accept-loss": "{}",
    ]
}
