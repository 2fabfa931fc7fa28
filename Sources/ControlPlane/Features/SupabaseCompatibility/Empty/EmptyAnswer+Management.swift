import APIKit
import FeatureKit
import Identity
import Orchestrator
import ProjectModel

/// What the Supabase CLI and the Terraform provider ask for.
extension EmptyAnswer {
    static let management: [EmptyAnswer] =
        [
            EmptyAnswer(
                "actions", for: .permission(.actionRunsRead), says: "Runs of branch workflows: there are none",
                body: [], isCounted: true),
            EmptyAnswer(
                "branches", for: .anyOf([.productionBranchesRead, .developmentBranchesRead]),
                says: "Branches: there are none", body: []),
            EmptyAnswer(
                "billing/addons", for: .permission(.addOnsRead), says: "Add-ons of a project: there are none",
                body: ["selected_addons": [], "available_addons": []], schema: addOns),
            EmptyAnswer(
                "readonly", for: .permission(.readOnlyModeRead), says: "Read-only mode: nothing here ever turns it on",
                body: ["enabled": false, "override_enabled": false, "override_active_until": ""],
                schema: .fields(
                    .init("enabled", .boolean), .init("override_enabled", .boolean),
                    .init("override_active_until", .text))),
            EmptyAnswer(
                swallowing: "readonly/temporary-disable", for: .permission(.readOnlyModeWrite),
                says: "Lift read-only mode for a while: it is never on"),
            EmptyAnswer(
                "jit-access", for: .permission(.projectAdminRead), says: "Just-in-time access: not in use",
                body: ["state": "disabled"],
                schema: .fields(.init("state", .choice(["enabled", "disabled", "unavailable"])))),
            EmptyAnswer(
                "database/jit/list", for: .permission(.databaseJITRead),
                says: "Accounts with just-in-time access: none", body: ["items": []]),
            EmptyAnswer(
                "database/jit", for: .permission(.databaseJITRead), says: "Your just-in-time access: none",
                schema: .fields(.init("user_id", .uuid), .init("user_roles", .array(.anything)))
            ) { ["user_id": .string(try $0.caller().account.id), "user_roles": []] },
            EmptyAnswer(
                "vanity-subdomain", for: .permission(.vanitySubdomainRead), says: "Vanity subdomain: not used",
                body: ["status": "not-used"],
                schema: .fields(.init("status", .choice(["not-used", "custom-domain-used", "active"])))),
            EmptyAnswer(
                "vanity-subdomain/check-availability", for: .permission(.vanitySubdomainWrite),
                says: "Whether a vanity subdomain is free: none is", body: ["available": false]
            ).posted(.optionalJSON(.object([]))),
            EmptyAnswer(
                "config/auth/third-party-auth", for: .permission(.authConfigRead),
                says: "Third-party issuers of tokens: there are none", body: []),
        ].under("/v1/projects/{ref}") + bans

    private static let bans: [EmptyAnswer] = {
        let entry = Schema.fields(
            .init("banned_address", .text), .init("identifier", .text), .init("type", .text))
        let lists: [(path: String, element: Schema)] = [("retrieve", .text), ("retrieve/enriched", entry)]
        return lists.map { list in
            EmptyAnswer(
                list.path, says: "Addresses that are banned: none", body: ["banned_ipv4_addresses": []],
                schema: .fields(.init("banned_ipv4_addresses", .array(list.element)))
            ).posted()
        }.under("/v1/projects/{ref}/network-bans", for: .networkBansRead)
    }()

    static let backups: [EmptyAnswer] = {
        let backup = Schema.fields(
            .init("id", .integer()), .init("project_id", .integer()), .init("isPhysicalBackup", .boolean),
            .init("status", .text), .init("inserted_at", .time))
        return [
            EmptyAnswer(
                "/platform/database/{ref}/backups/downloadable-backups", for: .permission(.backupsRead),
                says: "Backups to download: none", body: ["status": "ok", "backups": []],
                schema: .fields(
                    .init("status", .choice(["ok", "physical-backups-enabled", "project-not-active"])),
                    .init("backups", .array(backup)))),
            EmptyAnswer(
                "/platform/database/{ref}/clone/status", for: .permission(.backupsRead),
                says: "Clones of a project: none",
                schema: .fields(.init("id", .integer()), .init("ref", .ref), .init("clones", .array(.object([]))))
            ) { request in
                let record = try request.project()
                return ["id": .integer(record.number), "ref": .string(record.ref.text), "clones": []]
            },
        ]
    }()
}
