import APIKit
import HTTPTypes
import NIOCore

/// SQL on the database of the project that a page is about, through the API's own routes.
struct ProjectSQL: Sendable {
    let calls: InternalCalls

    /// How a statement ended.
    enum Outcome: Sendable, Equatable {
        case rows(ResultTable)
        case refused(SQLRefusal)
    }

    /// Reads with a statement of the dashboard's own; throws where the database refuses it.
    func read(_ sql: String, _ parameters: [JSON] = [], for request: APIRequest) async throws -> ResultTable {
        switch try await run(SQLText(sql, parameters, isReadOnly: true), for: request) {
        case .rows(let table): return table
        case .refused(let refusal): throw APIError(.badRequest, refusal.message)
        }
    }

    /// Runs a statement as it is.
    func run(_ text: SQLText, for request: APIRequest) async throws -> Outcome {
        let ref = try request.ref()
        let path =
            text.isReadOnly ? "/v1/projects/\(ref)/database/query/read-only" : "/platform/pg-meta/\(ref)/query"
        let response: APIResponse
        do { response = try await calls.send(.post, path, body: text.body, for: request) } catch {
            let refusal = APIError(anything: error)
            guard refusal.status == .badRequest else { throw error }
            return .refused(SQLRefusal(refusal.message))
        }
        let bytes = Array(response.body.readableBytesView)
        guard response.status.kind == .successful else { return .refused(SQLRefusal(JSON(bytes: bytes), of: text.sql)) }
        guard let table = ResultTable(bytes) else {
            throw APIError(.internalServerError, "the answer of the database cannot be read")
        }
        return .rows(table)
    }
}

/// A statement with its values, and how it is run.
struct SQLText: Sendable, Equatable {
    let sql: String
    let parameters: [JSON]
    let isReadOnly: Bool
    /// The role that it runs as; nil for the project's owner.
    let role: String?
    /// Whether it may change nothing, as a role too.
    let changesNothing: Bool

    init(
        _ sql: String, _ parameters: [JSON] = [], isReadOnly: Bool = false, role: String? = nil,
        changesNothing: Bool = false
    ) {
        (self.sql, self.parameters, self.isReadOnly, self.role) = (sql, parameters, isReadOnly, role)
        self.changesNothing = changesNothing
    }

    var body: JSON {
        .compact([
            "query": .string(sql), "parameters": parameters.isEmpty ? nil : .array(parameters),
            "role": isReadOnly ? nil : role.map { .string($0) },
            "read_only": changesNothing ? .boolean(true) : nil,
        ])
    }
}

/// What the database says against a statement, and where.
struct SQLRefusal: Sendable, Equatable {
    let message: String
    var detail: String?
    var hint: String?
    var code: String?
    /// Line and column of the place, both from 1.
    var line: Int?
    var column: Int?
    /// The line, with a mark below the place.
    var excerpt: String?

    init(_ message: String) { self.message = message }

    /// Reads the report that the API passes on.
    init(_ report: JSON?, of sql: String) {
        self.init(report?["message"]?.text ?? "the database refused the statement")
        (detail, hint, code) = (report?["detail"]?.text, report?["hint"]?.text, report?["code"]?.text)
        guard let text = report?["position"]?.text, let position = Int(text), position > 0 else { return }
        var offset = 0
        let lines = sql.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, found) in lines.enumerated() {
            if position - 1 <= offset + found.count {
                (line, column) = (index + 1, position - offset)
                excerpt = String(found) + "\n" + String(repeating: " ", count: position - 1 - offset) + "^"
                return
            }
            offset += found.count + 1
        }
    }

    var fields: PageValue {
        .object([
            "message": .visible(message), "detail": .visible(detail), "hint": .visible(hint), "code": .visible(code),
            "line": .visible(line.map { "\($0)" }), "column": .visible(column.map { "\($0)" }),
            "excerpt": .visible(excerpt),
        ])
    }
}

/// Names in SQL.
enum SQLName {
    /// The name in quotes, whatever it holds.
    static func quoted(_ name: String) -> String {
        var text = "\""
        for character in name.unicodeScalars {
            if character == "\"" { text.unicodeScalars.append(character) }
            text.unicodeScalars.append(character)
        }
        return text + "\""
    }
}
