import APIKit
import Identity

/// What one permission of ours lets Studio offer: its actions on its things.
struct StudioGrant: Sendable, Equatable {
    let actions: [String]
    let resources: [String]

    private init(_ actions: [String], on resources: [String]) {
        self.actions = actions
        self.resources = resources
    }

    private init(_ action: String, on resources: String...) { self.init([action], on: resources) }

    private static let read = "read:Read"
    private static let create = "write:Create"
    private static let update = "write:Update"
    private static let delete = "write:Delete"

    /// The grants of a permission; none for a permission without a button in Studio.
    static func grants(of permission: Permission) -> [StudioGrant] {
        switch permission {
        case .organizationsRead, .organizationAdminRead, .organizationAdminWrite, .membersRead, .membersWrite,
            .auditRead, .addOnsRead, .addOnsWrite:
            organization(permission)
        case .projectsCreate, .projectAdminRead, .projectAdminWrite, .projectsRead, .organizationProjectsRead,
            .backupsRead, .backupsWrite, .developmentBranchesRead, .developmentBranchesCreate,
            .developmentBranchesWrite, .developmentBranchesDelete, .snippetsRead, .snippetsWrite:
            project(permission)
        case .apiKeysRead, .apiKeysWrite, .functionSecretsRead, .functionSecretsWrite, .signingKeysRead,
            .signingKeysWrite:
            keys(permission)
        default: stack(permission)
        }
    }

    private static func organization(_ permission: Permission) -> [StudioGrant] {
        switch permission {
        case .organizationsRead: [Self(read, on: "organizations")]
        case .organizationAdminRead:
            [
                Self(read, on: "organizations"), Self(read, on: "oauth_apps"), Self(read, on: "approved_oauth_apps"),
                Self(read, on: "integrations.%"),
            ]
        case .organizationAdminWrite: [Self([update, delete], on: ["organizations"])]
        case .membersRead: [Self(read, on: "members", "auth.subject_roles", "user_invites")]
        case .membersWrite:
            [Self([create, update, delete], on: ["members", "auth.subject_roles", "user_invites"])]
        // Studio's own name for the page of the audit trail.
        case .auditRead: [Self(read, on: "notifications")]
        case .addOnsRead: [Self("billing:Read", on: "stripe.%")]
        case .addOnsWrite: [Self("billing:Write", on: "stripe.%")]
        default: []
        }
    }

    private static func project(_ permission: Permission) -> [StudioGrant] {
        switch permission {
        case .projectsRead, .projectAdminRead, .organizationProjectsRead: [Self(read, on: "projects")]
        case .projectsCreate: [Self(create, on: "projects")]
        case .projectAdminWrite: [Self([update, delete], on: ["projects"]), Self("infra:Execute", on: "%")]
        case .backupsRead: [Self(read, on: "back_ups", "physical_backups")]
        case .backupsWrite: [Self("infra:Execute", on: "queue_job.%")]
        case .developmentBranchesRead: [Self(read, on: "preview_branches")]
        case .developmentBranchesCreate: [Self(create, on: "preview_branches")]
        case .developmentBranchesWrite: [Self(update, on: "preview_branches")]
        case .developmentBranchesDelete: [Self(delete, on: "preview_branches")]
        case .snippetsRead: [Self(read, on: "user_content")]
        case .snippetsWrite: [Self([create, update, delete], on: ["user_content"])]
        default: []
        }
    }

    private static func keys(_ permission: Permission) -> [StudioGrant] {
        switch permission {
        case .apiKeysRead: [Self(read, on: "service_api_keys"), Self("secrets:Read", on: "%")]
        case .apiKeysWrite: [Self([create, update, delete], on: ["service_api_keys"])]
        case .functionSecretsRead: [Self(["functions:Secret:Read", "secrets:Read"], on: ["%"])]
        case .functionSecretsWrite: [Self(["functions:Secret:Write", "secrets:Write"], on: ["%"])]
        case .signingKeysRead: [Self(read, on: "field.jwt_secret")]
        case .signingKeysWrite: [Self("infra:Execute", on: "queue_jobs.projects.update_jwt")]
        default: []
        }
    }

    private static func stack(_ permission: Permission) -> [StudioGrant] {
        switch permission {
        case .databaseRead:
            [Self(["tenant:Sql:Admin:Read", "tenant:Sql:Read:Select", "sql:Read:Select"], on: ["%"])]
        case .databaseWrite:
            [
                Self(
                    [
                        "tenant:Sql:Admin:Write", "tenant:Sql:CreateTable", "tenant:Sql:Write:%", "tenant:Sql:Query",
                        "sql:Write:%",
                    ], on: ["%"])
            ]
        case .functionsRead: [Self("functions:Read", on: "%")]
        case .functionsWrite: [Self("functions:Write", on: "%")]
        case .authConfigRead: [Self(read, on: "custom_config_gotrue")]
        case .authConfigWrite: [Self(update, on: "custom_config_gotrue"), Self("auth:Execute", on: "%")]
        case .dataAPIConfigRead: [Self(read, on: "custom_config_postgrest")]
        case .dataAPIConfigWrite: [Self(update, on: "custom_config_postgrest")]
        case .poolerConfigRead: [Self(read, on: "custom_config_pgbouncer")]
        case .poolerConfigWrite: [Self(update, on: "custom_config_pgbouncer")]
        case .storageRead: [Self(["storage:Read", "storage:Admin:Read"], on: ["%"])]
        case .storageWrite: [Self(["storage:Write", "storage:Admin:Write"], on: ["%"])]
        case .storageConfigRead: [Self(read, on: "custom_config_storage")]
        case .storageConfigWrite: [Self(update, on: "custom_config_storage")]
        case .realtimeConfigRead: [Self("realtime:Admin:Read", on: "%")]
        case .realtimeConfigWrite: [Self("realtime:Admin:Write", on: "%")]
        case .analyticsLogsRead: [Self("analytics:Read", on: "%")]
        case .analyticsUsageRead: [Self("analytics:Read", on: "usage", "prometheus")]
        default: []
        }
    }
}
