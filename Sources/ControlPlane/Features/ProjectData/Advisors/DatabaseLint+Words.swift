import APIKit

extension DatabaseLint {
    /// Heading of a finding.
    var title: String {
        switch self {
        case .unindexedForeignKeys: "Foreign key without an index"
        case .authUsersExposed: "Exposed auth.users"
        case .authRLSInitPlan: "Row security policy re-evaluated for each row"
        case .noPrimaryKey: "Table without a primary key"
        case .unusedIndex: "Unused index"
        case .multiplePermissivePolicies: "Several permissive policies"
        case .policyExistsRLSDisabled: "Policies without row security"
        case .rlsEnabledNoPolicy: "Row security without policies"
        case .duplicateIndex: "Duplicate index"
        case .securityDefinerView: "View with its owner's rights"
        case .functionSearchPathMutable: "Function without a fixed search_path"
        case .rlsDisabledInPublic: "Row security is off in an exposed schema"
        case .extensionInPublic: "Extension in schema public"
        case .rlsReferencesUserMetadata: "Policy trusts user metadata"
        case .materializedViewInAPI: "Materialized view in the API"
        case .foreignTableInAPI: "Foreign table in the API"
        case .unsupportedRegTypes: "Column type that blocks upgrades"
        }
    }

    /// What the check finds and why it matters.
    var explanation: String {
        switch self {
        case .unindexedForeignKeys:
            "Without an index on the columns of a foreign key, deleting or changing a referenced row scans the table."
        case .authUsersExposed:
            "A view in an exposed schema that reads auth.users can show personal data of users to the API's roles."
        case .authRLSInitPlan:
            "A policy that calls auth.<function>() or current_setting() directly evaluates it once for every row."
        case .noPrimaryKey: "A table without a primary key is slow to work with and cannot be replicated logically."
        case .unusedIndex: "An index that no query has used costs time at every write and takes up space."
        case .multiplePermissivePolicies:
            "All permissive policies for a role and an action are evaluated for every query; one is enough."
        case .policyExistsRLSDisabled: "Policies have no effect as long as row level security is off on their table."
        case .rlsEnabledNoPolicy: "With row level security on and no policy, the API's roles see no row at all."
        case .duplicateIndex: "Indexes with the same definition cost several times and help once."
        case .securityDefinerView:
            "A view without security_invoker reads with the rights of its owner and ignores the row security of "
                + "its caller."
        case .functionSearchPathMutable:
            "A function without a search_path of its own resolves names in the schemas that its caller sets."
        case .rlsDisabledInPublic:
            "Without row level security every row of a table in an exposed schema is open to the API's roles."
        case .extensionInPublic: "Objects of an extension in schema public become part of the API."
        case .rlsReferencesUserMetadata: "Users can edit user_metadata themselves, so no policy may rely on it."
        case .materializedViewInAPI: "Materialized views have no row level security; the API's roles see all rows."
        case .foreignTableInAPI: "Foreign tables have no row level security; the API's roles see all rows."
        case .unsupportedRegTypes: "pg_upgrade refuses databases with columns of these types."
        }
    }

    /// What the object is, in the words of the documented metadata.
    var objectType: String {
        switch self {
        case .authUsersExposed, .securityDefinerView: "view"
        case .functionSearchPathMutable: "function"
        case .extensionInPublic: "extension"
        default: "table"
        }
    }
}
