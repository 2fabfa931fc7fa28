import APIKit

/// A check of a project's database, under the name that the Management API documents for it.
enum DatabaseLint: String, CaseIterable, Sendable {
    case unindexedForeignKeys = "unindexed_foreign_keys"
    case authUsersExposed = "auth_users_exposed"
    case authRLSInitPlan = "auth_rls_initplan"
    case noPrimaryKey = "no_primary_key"
    case unusedIndex = "unused_index"
    case multiplePermissivePolicies = "multiple_permissive_policies"
    case policyExistsRLSDisabled = "policy_exists_rls_disabled"
    case rlsEnabledNoPolicy = "rls_enabled_no_policy"
    case duplicateIndex = "duplicate_index"
    case securityDefinerView = "security_definer_view"
    case functionSearchPathMutable = "function_search_path_mutable"
    case rlsDisabledInPublic = "rls_disabled_in_public"
    case extensionInPublic = "extension_in_public"
    case rlsReferencesUserMetadata = "rls_references_user_metadata"
    case materializedViewInAPI = "materialized_view_in_api"
    case foreignTableInAPI = "foreign_table_in_api"
    case unsupportedRegTypes = "unsupported_reg_types"

    /// How serious a finding is.
    enum Level: String, CaseIterable, Sendable {
        case error = "ERROR"
        case warning = "WARN"
        case information = "INFO"
    }

    /// The advisor that a check belongs to.
    enum Category: String, CaseIterable, Sendable {
        case security = "SECURITY"
        case performance = "PERFORMANCE"
    }

    var level: Level {
        switch self {
        case .authUsersExposed, .policyExistsRLSDisabled, .securityDefinerView, .rlsDisabledInPublic,
            .rlsReferencesUserMetadata:
            .error
        case .unindexedForeignKeys, .noPrimaryKey, .unusedIndex, .rlsEnabledNoPolicy: .information
        case .authRLSInitPlan, .multiplePermissivePolicies, .duplicateIndex, .functionSearchPathMutable,
            .extensionInPublic, .materializedViewInAPI, .foreignTableInAPI, .unsupportedRegTypes:
            .warning
        }
    }

    var category: Category {
        switch self {
        case .unindexedForeignKeys, .authRLSInitPlan, .noPrimaryKey, .unusedIndex, .multiplePermissivePolicies,
            .duplicateIndex:
            .performance
        default: .security
        }
    }

    /// Page of the linter's documentation, whose numbers are in the names of its pages.
    var remediation: String {
        "https://supabase.com/docs/guides/database/database-linter?lint=\(number)_\(rawValue)"
    }

    private var number: String {
        let number =
            switch self {
            case .unindexedForeignKeys: 1
            case .authUsersExposed: 2
            case .authRLSInitPlan: 3
            case .noPrimaryKey: 4
            case .unusedIndex: 5
            case .multiplePermissivePolicies: 6
            case .policyExistsRLSDisabled: 7
            case .rlsEnabledNoPolicy: 8
            case .duplicateIndex: 9
            case .securityDefinerView: 10
            case .functionSearchPathMutable: 11
            case .rlsDisabledInPublic: 13
            case .extensionInPublic: 14
            case .rlsReferencesUserMetadata: 15
            case .materializedViewInAPI: 16
            case .foreignTableInAPI: 17
            case .unsupportedRegTypes: 18
            }
        let digits = String(number)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}
