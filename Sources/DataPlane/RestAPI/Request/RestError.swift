import DataPlaneCore

/// A documented error of the REST API: status, code, and what the body says.
struct RestError: Error, Equatable {
    var status: Int
    var code: String
    var message: String
    /// Text, or a list for ambiguous relationships.
    var details: JSONText = .null
    var hint: JSONText = .null
    /// Headers beside those of every error.
    var headers: [(name: String, value: String)] = []
    /// Reason phrase, where SQL sets one.
    var reason: String?

    init(_ status: Int, code: String, message: String, details: String? = nil, hint: String? = nil) {
        self.status = status
        self.code = code
        self.message = message
        self.details = details.map { .string($0) } ?? .null
        self.hint = hint.map { .string($0) } ?? .null
    }

    static func == (left: Self, right: Self) -> Bool {
        left.status == right.status && left.code == right.code && left.message == right.message
            && left.details == right.details && left.hint == right.hint
    }

    /// The body; `isMinimal` leaves details and hint out.
    func body(isMinimal: Bool) -> String {
        var members = [JSONText.Member("code", .string(code)), JSONText.Member("message", .string(message))]
        if !isMinimal { members += [JSONText.Member("details", details), JSONText.Member("hint", hint)] }
        return JSONText.object(members).text
    }
}

/// Errors of requests that never reach the database.
extension RestError {
    static func unreadable(what: String, text: String, _ failure: ParseFailure) -> RestError {
        RestError(
            400, code: "PGRST100",
            message: "\"failed to parse \(what) (\(ErrorText.parameter(text)))\" (line 1, column \(failure.column))",
            details: failure.details)
    }

    static func tooManyParameters(_ max: Int) -> RestError {
        RestError(414, code: "PGRST100", message: "The query string has more than \(max) parameters")
    }

    static func statementTooLarge(_ bytesMax: Int) -> RestError {
        RestError(414, code: "PGRST100", message: "The statement of the request is larger than \(bytesMax) bytes")
    }

    static func repeatedTooOften(_ name: String, _ max: Int) -> RestError {
        RestError(
            400, code: "PGRST100", message: "'\(ErrorText.name(name))' is selected more than \(max) times")
    }

    static func aliasTooLong(_ alias: String) -> RestError {
        RestError(
            400, code: "PGRST100",
            message: "The alias '\(ErrorText.name(alias))' is longer than \(SQLText.nameBytesMax) bytes")
    }

    static func bodyTooLarge(_ bytesMax: Int) -> RestError {
        RestError(413, code: "PGRST102", message: "The request body is larger than \(bytesMax) bytes")
    }

    static func tooManyValues(_ max: Int) -> RestError {
        RestError(413, code: "PGRST102", message: "The request body holds more than \(max) values")
    }
    static let unequalLines = badBody("All lines must have same number of fields")
    static let bodyTooSlow = RestError(408, code: "PGRST102", message: "The request body did not come in time")

    static let tooManyBodies: RestError = {
        var error = RestError(
            503, code: "PGRST102", message: "Too many large request bodies are being read. Try again.")
        error.headers = [("Retry-After", "1")]
        return error
    }()

    static func badBody(_ message: String) -> RestError { RestError(400, code: "PGRST102", message: message) }

    static func range(_ details: String) -> RestError {
        RestError(416, code: "PGRST103", message: "Requested range not satisfiable", details: details)
    }

    static func offset(_ offset: Int64, total: Int64) -> RestError {
        var error = range("An offset of \(offset) was requested, but there are only \(total) rows.")
        error.headers = [("Content-Range", "*/\(total)")]
        return error
    }

    static let negativeLimit = range("Limit should be greater than or equal to zero.")
    static let lowerAboveUpper = range(
        "The lower boundary must be lower than or equal to the upper boundary in the Range header.")
    static func methodOnFunction(_ method: String) -> RestError {
        RestError(405, code: "PGRST101", message: "Cannot use the \(ErrorText.name(method)) method on RPC")
    }

    static func method(_ method: String) -> RestError {
        RestError(405, code: "PGRST117", message: "Unsupported HTTP method: \(ErrorText.name(method))")
    }

    static let path = RestError(404, code: "PGRST125", message: "Invalid path specified in request URL")
    static let rootDisabled = RestError(404, code: "PGRST126", message: "Root endpoint metadata is disabled")
    static let putFilters = RestError(
        405, code: "PGRST105", message: "Filters must include all and only primary key columns with 'eq' operators")
    static let putRange = RestError(
        400, code: "PGRST114", message: "limit/offset querystring parameters are not allowed for PUT")
    static let putBody = RestError(
        400, code: "PGRST115", message: "Payload values do not match URL in primary key column(s)")

    static func schema(_ name: String, exposed: [String]) -> RestError {
        RestError(
            406, code: "PGRST106", message: "Invalid schema: \(ErrorText.name(name))",
            hint: "Only the following schemas are exposed: \(exposed.joined(separator: ", "))")
    }

    static func mediaType(_ wanted: [String]) -> RestError {
        RestError(406, code: "PGRST107", message: "None of these media types are available: \(ErrorText.list(wanted))")
    }

    static func preferences(_ invalid: [String]) -> RestError {
        RestError(
            400, code: "PGRST122", message: "Invalid preferences given with handling=strict",
            details: "Invalid preferences: \(ErrorText.list(invalid))")
    }
}

/// Errors of planning: the request names what the schema cache does not have.
extension RestError {
    static func notEmbedded(_ name: String, alias: String? = nil) -> RestError {
        let name = ErrorText.name(name)
        return RestError(
            400, code: "PGRST108", message: "'\(name)' is not an embedded resource in this request",
            details: alias.map { _ in "Target names are not allowed in filters if they have an alias" },
            hint: alias.map { "Change '\(name)' to '\(ErrorText.name($0))' in filters, orders or limits." }
                ?? "Verify that '\(name)' is included in the 'select' query parameter.")
    }

    static func relatedOrder(_ origin: String, _ target: String) -> RestError {
        let target = ErrorText.name(target)
        return RestError(
            400, code: "PGRST118", message: "A related order on '\(target)' is not possible",
            details: "'\(origin)' and '\(target)' do not form a many-to-one or one-to-one relationship")
    }

    static let aggregatesDisabled = RestError(
        400, code: "PGRST123", message: "Use of aggregate functions is not allowed")
    static let aggregateInSpread = RestError(
        400, code: "PGRST127", message: "Feature not implemented",
        details: "Aggregates are not implemented for one-to-many or many-to-many spreads.")
    static let affectedOnScalar = RestError(
        400, code: "PGRST128",
        message: "Function must return SETOF or TABLE when max-affected preference is used with handling=strict"
    )

    static func affected(_ count: Int64) -> RestError {
        RestError(
            400, code: "PGRST124", message: "Query result exceeds max-affected preference constraint",
            details: "The query affects \(count) rows")
    }

    static func singular(_ count: Int64) -> RestError {
        RestError(
            406, code: "PGRST116", message: "Cannot coerce the result to a single JSON object",
            details: "The result contains \(count) rows")
    }

    static func column(_ column: String, of table: String) -> RestError {
        RestError(
            400, code: "PGRST204",
            message: "Could not find the '\(ErrorText.name(column))' column of '\(table)' in the schema cache")
    }

    static func table(_ table: QualifiedName, nearest: String?) -> RestError {
        let shown = "\(table.schema).\(ErrorText.name(table.name))"
        return RestError(
            404, code: "PGRST205", message: "Could not find the table '\(shown)' in the schema cache",
            hint: nearest.map { "Perhaps you meant the table '\(table.schema).\($0)'" })
    }
}

/// Errors of the server around the request.
extension RestError {
    static let headersSetting = RestError(
        500, code: "PGRST111",
        message: "response.headers guc must be a JSON array composed of objects with a single key and a string value")
    static let statusSetting = RestError(
        500, code: "PGRST112", message: "response.status guc must be a valid status code")
    static let noCache = RestError(
        503, code: "PGRST002", message: "Could not query the database for the schema cache. Retrying.")

    static func answerTooLarge(_ bytesMax: Int) -> RestError {
        RestError(
            500, code: "54000", message: "The answer is larger than \(bytesMax) bytes", hint: "Ask for fewer rows.")
    }

    static let tooManyAnswers: RestError = {
        var error = RestError(
            503, code: "53200", message: "Too many large answers are being read or wait to be. Try again.")
        error.headers = [("Retry-After", "1")]
        return error
    }()

    static func connection(_ details: String?) -> RestError {
        RestError(
            503, code: "PGRST000", message: "Database connection error. Retrying the connection.", details: details)
    }

    static let poolTimeout = RestError(
        504, code: "PGRST003", message: "Timed out acquiring connection from connection pool.")

    static func raised(_ half: String, _ text: String?) -> RestError {
        let isMessage = half == "MESSAGE"
        return RestError(
            500, code: "PGRST121", message: "Could not parse JSON in the \"RAISE SQLSTATE 'PGRST'\" error",
            details: "Invalid JSON value for \(half): '\(text ?? "")'",
            hint: isMessage
                ? "MESSAGE must be a JSON object with obligatory keys: 'code', 'message' and optional keys: 'details', 'hint'."
                : "DETAIL must be a JSON object with obligatory keys: 'status', 'headers' and optional key: 'status_text'."
        )
    }
}

/// Errors of tokens: all are 401 and say so in `WWW-Authenticate`.
extension RestError {
    static let noSecret = RestError(500, code: "PGRST300", message: "Server lacks JWT secret")

    static let anonymousDisabled: RestError = {
        var error = RestError(401, code: "PGRST302", message: "Anonymous access is disabled")
        error.headers = [("WWW-Authenticate", "Bearer")]
        return error
    }()

    static func token(_ code: String, _ message: String, details: String? = nil) -> RestError {
        var error = RestError(401, code: code, message: message, details: details)
        error.headers = [
            ("WWW-Authenticate", "Bearer error=\"invalid_token\", error_description=\"\(message)\"")
        ]
        return error
    }
}
