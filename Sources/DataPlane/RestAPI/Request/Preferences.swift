/// The `Prefer` headers of a request.
struct Preferences: Equatable {
    enum Return: String, CaseIterable {
        case representation, minimal, headersOnly = "headers-only"
    }

    enum Resolution: String, CaseIterable {
        case merge = "merge-duplicates"
        case ignore = "ignore-duplicates"
    }

    enum Missing: String, CaseIterable {
        case useDefault = "default"
        case useNull = "null"
    }

    enum Count: String, CaseIterable {
        case exact, planned, estimated
    }

    enum Transaction: String, CaseIterable {
        case commit, rollback
    }

    enum Handling: String, CaseIterable {
        case strict, lenient
    }

    var resolution: Resolution?
    var missing: Missing?
    var representation: Return?
    var count: Count?
    var transaction: Transaction?
    var handling: Handling?
    var timeZone: String?
    var maxAffected: Int64?
    /// What no preference is called, in its order.
    var invalid: [String] = []

    /// Reads all `Prefer` headers; the first preference of a kind wins.
    init(headers: [String]) {
        for item in headers.flatMap({ $0.split(separator: ",") }) {
            let text = String(item).trimmingBlanks
            if !text.isEmpty { take(text) }
        }
    }

    private mutating func take(_ text: String) {
        let parts = text.split(separator: "=", maxSplits: 1).map { String($0).trimmingBlanks }
        guard parts.count == 2 else { return invalid.append(text) }
        let value = parts[1]
        switch parts[0] {
        case "resolution": keep(\.resolution, value: Resolution(rawValue: value), of: text)
        case "missing": keep(\.missing, value: Missing(rawValue: value), of: text)
        case "return": keep(\.representation, value: Return(rawValue: value), of: text)
        case "count": keep(\.count, value: Count(rawValue: value), of: text)
        case "tx": keep(\.transaction, value: Transaction(rawValue: value), of: text)
        case "handling": keep(\.handling, value: Handling(rawValue: value), of: text)
        case "timezone": keep(\.timeZone, value: value, of: text)
        case "max-affected": keep(\.maxAffected, value: Int64(value), of: text)
        default: invalid.append(text)
        }
    }

    private mutating func keep<Value>(_ place: WritableKeyPath<Self, Value?>, value: Value?, of text: String) {
        guard let value else { return invalid.append(text) }
        if self[keyPath: place] == nil { self[keyPath: place] = value }
    }

    /// Most rows that a change may affect; heeded with `handling=strict` only.
    var strictMaxAffected: Int64? { handling == .strict ? maxAffected : nil }

    /// What `Preference-Applied` says.
    ///
    /// - Parameters:
    ///   - isWrite: whether the request changes a relation.
    ///   - isInsert: whether it is a POST on a relation.
    ///   - takesMissing: whether it is a POST or PATCH on a relation.
    ///   - hasConflictTarget: whether an upsert has a key to find conflicts by.
    ///   - mayEndTransaction: whether the configuration lets a request choose how its transaction ends.
    ///   - limitsAffected: whether `max-affected` applies.
    func applied(
        isWrite: Bool, isInsert: Bool, takesMissing: Bool, hasConflictTarget: Bool, mayEndTransaction: Bool,
        limitsAffected: Bool
    ) -> String? {
        var parts: [String] = []
        if isInsert, hasConflictTarget, let resolution { parts.append("resolution=\(resolution.rawValue)") }
        if takesMissing, let missing { parts.append("missing=\(missing.rawValue)") }
        if isWrite, let representation { parts.append("return=\(representation.rawValue)") }
        if let count { parts.append("count=\(count.rawValue)") }
        if mayEndTransaction, let transaction { parts.append("tx=\(transaction.rawValue)") }
        if let handling { parts.append("handling=\(handling.rawValue)") }
        if let timeZone { parts.append("timezone=\(timeZone)") }
        if limitsAffected, let strictMaxAffected { parts.append("max-affected=\(strictMaxAffected)") }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }
}
