import APIKit

/// One thing that a check found in a project's database.
struct LintFinding: Decodable, Sendable, Equatable {
    let lint: DatabaseLint
    /// Schema of the object.
    let schema: String
    /// Name of the object.
    let name: String
    /// Policy, index, foreign key, column or role concerned, where the check is about one.
    let subject: String?
    /// Further names: the policies or the indexes.
    let list: [String]?
    /// Numbers of the columns of a foreign key.
    let columns: [Int]?

    /// The finding, with names.
    var detail: String {
        let object = "\(schema).\(name)"
        let names = (list ?? []).joined(separator: ", ")
        let subject = subject ?? ""
        switch lint {
        case .unindexedForeignKeys: return "Table \(object) has a foreign key \(subject) without a covering index."
        case .authUsersExposed: return "View \(object) reads auth.users and can be read by \(names)."
        case .authRLSInitPlan:
            return "Policy \(subject) on table \(object) calls an auth function or current_setting() for each row; "
                + "write (select auth.uid()) instead of auth.uid()."
        case .noPrimaryKey: return "Table \(object) has no primary key."
        case .unusedIndex: return "Index \(subject) on table \(object) has not been used."
        case .multiplePermissivePolicies:
            return "Table \(object) has several permissive policies for \(subject): \(names)."
        case .policyExistsRLSDisabled:
            return "Table \(object) has policies but row level security is off: \(names)."
        case .rlsEnabledNoPolicy: return "Table \(object) has row level security on, but no policy."
        case .duplicateIndex: return "Table \(object) has indexes with the same definition: \(names)."
        case .securityDefinerView: return "View \(object) runs with the rights of its owner; set security_invoker."
        case .functionSearchPathMutable: return "Function \(object) has no search_path of its own."
        case .rlsDisabledInPublic:
            return "Table \(object) can be reached through the API, and row level security is off."
        case .extensionInPublic: return "Extension \(name) is installed in schema public; move it to another one."
        case .rlsReferencesUserMetadata: return "Policy \(subject) on table \(object) refers to user_metadata."
        case .materializedViewInAPI: return "Materialized view \(object) can be read by \(names)."
        case .foreignTableInAPI: return "Foreign table \(object) can be read by \(names)."
        case .unsupportedRegTypes: return "Column \(subject) of table \(object) has the type \(names)."
        }
    }

    /// Stable name of the finding: clients remember by it what a person has dismissed.
    var cacheKey: String {
        let prefix = lint == .authRLSInitPlan ? "auth_rls_init_plan" : lint.rawValue
        let rest: [String] =
            switch lint {
            case .extensionInPublic: [name]
            case .duplicateIndex: [schema, name, "{\((list ?? []).joined(separator: ","))}"]
            default: [schema, name] + [subject].compactMap { $0 }
            }
        return ([prefix] + rest).joined(separator: "_")
    }

    /// The finding as the Management API documents it.
    var json: JSON {
        var metadata: [String: JSON] = [
            "schema": .string(schema), "name": .string(name), "type": .string(lint.objectType),
        ]
        if lint == .unindexedForeignKeys, let subject {
            metadata["fkey_name"] = .string(subject)
            metadata["fkey_columns"] = .array((columns ?? []).map { .integer(Int64($0)) })
        }
        return .object([
            "name": .string(lint.rawValue), "title": .string(lint.title), "level": .string(lint.level.rawValue),
            "facing": "EXTERNAL", "categories": [.string(lint.category.rawValue)],
            "description": .string(lint.explanation), "detail": .string(detail),
            "remediation": .string(lint.remediation), "metadata": .object(metadata), "cache_key": .string(cacheKey),
        ])
    }

    static let documentation: Schema = .named(
        "Lint",
        .fields(
            .init("name", .choice(DatabaseLint.allCases.map(\.rawValue))), .init("title", .text),
            .init("level", .choice(DatabaseLint.Level.allCases.map(\.rawValue))),
            .init("facing", .choice(["EXTERNAL"])),
            .init("categories", .array(.choice(DatabaseLint.Category.allCases.map(\.rawValue)))),
            .init("description", .text), .init("detail", .text), .init("remediation", .text),
            .init(
                "metadata",
                .fields(
                    .init("schema", .text), .init("name", .text),
                    .init("type", .choice(["table", "view", "function", "extension"])), .optional("fkey_name", .text),
                    .optional("fkey_columns", .array(.integer())))), .init("cache_key", .text)))
}

extension DatabaseLint: Decodable {}
