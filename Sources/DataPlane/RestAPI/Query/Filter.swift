/// A comparison of one column.
struct Filter: Equatable {
    var path: FieldPath
    var isNegated = false
    var operation: FilterOperation
}

/// What a column is compared with.
enum FilterOperation: Equatable {
    /// An operator that takes one value.
    case simple(SimpleOperator, String)
    /// An operator that may compare with any or all elements of an array literal.
    case quantified(QuantifiedOperator, Quantifier?, value: String)
    case inList([String])
    case isTruth(TruthValue)
    case isDistinctFrom(String)
    case fullText(FullTextOperator, language: String?, String)
}

/// Operators without `any` and `all`, by their names in a query, with their SQL.
enum SimpleOperator: String, CaseIterable {
    case neq, cs, cd, ov, sl, sr, nxr, nxl, adj

    var sql: String {
        switch self {
        case .neq: "<>"
        case .cs: "@>"
        case .cd: "<@"
        case .ov: "&&"
        case .sl: "<<"
        case .sr: ">>"
        case .nxr: "&<"
        case .nxl: "&>"
        case .adj: "-|-"
        }
    }
}

/// Operators with `any` and `all`.
enum QuantifiedOperator: String, CaseIterable {
    case eq, gte, gt, lte, lt, like, ilike, match, imatch

    var sql: String {
        switch self {
        case .eq: "="
        case .gte: ">="
        case .gt: ">"
        case .lte: "<="
        case .lt: "<"
        case .like: "like"
        case .ilike: "ilike"
        case .match: "~"
        case .imatch: "~*"
        }
    }

    /// Whether `*` in the value stands for any characters.
    var isPattern: Bool { self == .like || self == .ilike }
}

/// Elements of the array that have to match.
enum Quantifier: String, CaseIterable {
    case any, all
}

/// Values of `is`.
enum TruthValue: String, CaseIterable {
    case null, notNull = "not_null", isTrue = "true", isFalse = "false", unknown

    var sql: String {
        switch self {
        case .null: "NULL"
        case .notNull: "NOT NULL"
        case .isTrue: "TRUE"
        case .isFalse: "FALSE"
        case .unknown: "UNKNOWN"
        }
    }
}

/// Full text operators, by their names in a query, with the function that reads the value.
enum FullTextOperator: String, CaseIterable {
    case plfts, phfts, wfts, fts

    var function: String {
        switch self {
        case .fts: "to_tsquery"
        case .plfts: "plainto_tsquery"
        case .phfts: "phraseto_tsquery"
        case .wfts: "websearch_to_tsquery"
        }
    }
}

/// Filters joined by `and` and `or`.
indirect enum LogicTree: Equatable, Sendable {
    case filter(Filter)
    case group(isNegated: Bool, isOr: Bool, [LogicTree])
}

extension FilterOperation {
    /// Names in front of a filter's value: whether a parameter of a function call is meant as a filter.
    static let names: Set<String> = Set(
        ["not", "in", "is", "isdistinct"] + SimpleOperator.allCases.map(\.rawValue)
            + QuantifiedOperator.allCases.map(\.rawValue) + FullTextOperator.allCases.map(\.rawValue))
}
