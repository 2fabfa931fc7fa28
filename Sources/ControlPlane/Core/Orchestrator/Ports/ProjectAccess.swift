public import ProjectModel

/// Runs people's SQL on the databases of their projects.
public protocol ProjectDatabase: Sendable {
    /// Runs SQL on a project's database and gives the rows as JSON.
    ///
    /// A script answers with the rows of its last statement that has any, as `postgres-meta` does. Cancelling the task
    /// cancels the statement. Time, rows and bytes are bounded by the implementation's limits.
    func run(
        _ query: ProjectQueryText, on target: DatabaseTarget
    ) async throws(ProjectDatabaseError) -> QueryAnswer
}

/// Where a project's database is and who logs in.
public struct DatabaseTarget: Sendable {
    /// The project, for messages and for its share of sessions.
    public var ref: ProjectRef
    /// An address or a host name.
    public var host: String
    /// The TCP port.
    public var port: UInt16
    /// The role that logs in. Read-only queries log in as the stack's read-only role where they can.
    public var user: String
    /// The role's password. All login roles of a project share it.
    public var password: Secret<String>
    /// The database and its roles, as the stack declares them.
    public var roles: DatabaseRoles

    /// Names a project's server, and a role on it.
    public init(
        ref: ProjectRef, host: String, port: UInt16, user: String, password: Secret<String>, roles: DatabaseRoles
    ) {
        self.ref = ref
        self.host = host
        self.port = port
        self.user = user
        self.password = password
        self.roles = roles
    }
}

/// SQL of a person, with its parameters and how to run it. Printing it shows its length only: SQL may hold secrets.
public struct ProjectQueryText: Sendable, Equatable {
    /// The text. Without parameters it may hold several statements, unless it is read-only.
    public var sql: String
    /// Values of `$1`, `$2` …; with any of them the text is exactly one statement.
    public var parameters: [JSONParameter]
    /// Whether changes are forbidden. The text is then exactly one statement, and its effects are rolled back.
    public var isReadOnly: Bool
    /// Whether only what the project's users made may be read, by ``ReadOnlyRole``: for members who may read data and
    /// not write it. Counts for read-only texts alone.
    public var isRestricted: Bool
    /// The account on whose behalf it runs, for its share of sessions; nil for the manager's own texts.
    public var account: String?
    /// A role to take on (`SET ROLE`) before the statement.
    public var role: String?
    /// Whether a statement that takes on a role may change nothing. The text is then exactly one statement.
    public var changesNothing = false
    /// Whether the ordinary time for one statement does not apply; the time for all of it stays bounded.
    public var disablesStatementTimeout: Bool
    /// What `pg_stat_activity` shows; other than printable ASCII is removed.
    public var applicationName: String
    /// Whether the text holds secrets. Of the server's errors then only message and code are passed on.
    public var isConfidential: Bool

    /// Puts together a text and how to run it.
    public init(
        sql: String, parameters: [JSONParameter] = [], isReadOnly: Bool = false, isRestricted: Bool = false,
        role: String? = nil, disablesStatementTimeout: Bool = false, applicationName: String = Self.dashboard,
        isConfidential: Bool = false
    ) {
        self.sql = sql
        self.parameters = parameters
        self.isReadOnly = isReadOnly
        self.isRestricted = isRestricted
        self.role = role
        self.disablesStatementTimeout = disablesStatementTimeout
        self.applicationName = applicationName
        self.isConfidential = isConfidential
    }

    /// The application name of queries that the dashboard sends.
    public static let dashboard = "supabase/dashboard"
}

extension ProjectQueryText: CustomStringConvertible, CustomReflectable {
    /// The length of the text.
    public var description: String { "<SQL of \(sql.utf8.count) bytes>" }

    /// A mirror without children.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// A parameter as it comes in JSON, sent as `node-postgres` sends it.
public indirect enum JSONParameter: Sendable, Equatable {
    case string(String)
    /// A number in the digits in which it came.
    case number(String)
    /// A truth value.
    case bool(Bool)
    /// SQL NULL.
    case null
    /// A JSON text, for `json` and `jsonb`.
    case json(String)
    /// A PostgreSQL array. For `jsonb` that is to hold an array use ``json(_:)``.
    case array([JSONParameter])
}

/// The rows of an answer.
public struct QueryAnswer: Sendable, Equatable {
    /// A bare JSON array of one object a row, as UTF-8.
    public var json: [UInt8]
    /// How many rows it has.
    public var rowCount: Int

    /// An answer.
    public init(json: [UInt8], rowCount: Int) {
        self.json = json
        self.rowCount = rowCount
    }
}

/// Why SQL on a project's database gave no answer. No case holds a password.
public enum ProjectDatabaseError: Error, Sendable, Equatable {
    /// The database cannot be reached, or the connection was lost; a sentence that names the project.
    case unreachable(String)
    /// PostgreSQL refused the statement.
    case query(QueryFailure)
    /// The text cannot be sent; one sentence.
    case invalid(String)
    /// The answer has more rows than the limit; the statement was cancelled.
    case tooManyRows(limit: Int)
    /// The answer has more bytes than the limit; the statement was cancelled.
    case tooLarge(limitBytes: Int)
    /// The query took longer than this and was cancelled.
    case timedOut(Duration)
    /// Too many queries run already, on this project or in all.
    case busy
    /// The task that waited was cancelled, and the query with it.
    case cancelled
}

extension ProjectDatabaseError: CustomStringConvertible {
    /// The message: one sentence. Messages of PostgreSQL may quote data of the project.
    public var description: String {
        switch self {
        case .unreachable(let sentence), .invalid(let sentence): sentence
        case .query(let failure): "PostgreSQL refused the query: \(failure.message) (SQLSTATE \(failure.code))"
        case .tooManyRows(let limit): "the answer has more than \(limit) rows; add a LIMIT to the query"
        case .tooLarge(let limit): "the answer has more than \(limit) bytes; ask for fewer rows or columns"
        case .timedOut(let duration): "the query took longer than \(duration.components.seconds) s and was cancelled"
        case .busy: "too many queries are running; try again in a moment"
        case .cancelled: "the query was cancelled"
        }
    }
}
