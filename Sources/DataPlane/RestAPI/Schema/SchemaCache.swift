/// Name of an object with its schema.
struct QualifiedName: Hashable, Sendable, Comparable {
    var schema: String
    var name: String

    /// The name as SQL text, both parts quoted.
    var sql: String { SQLText.identifier(schema) + "." + SQLText.identifier(name) }

    static func < (left: Self, right: Self) -> Bool { (left.schema, left.name) < (right.schema, right.name) }
}

/// What is known of a database's exposed schemas: immutable, built aside and swapped whole.
struct SchemaCache: Sendable {
    var tables: [QualifiedName: Table] = [:]
    /// By the relation that they start from.
    var relationships: [QualifiedName: [Relationship]] = [:]
    /// Overloads by name.
    var routines: [QualifiedName: [Routine]] = [:]
    /// Conversions of domains, by the type's name as `format_type` writes it.
    var representations: [String: Representation] = [:]
    /// Aggregates that make a relation's rows into a media type.
    var mediaHandlers: [MediaHandler] = []
    /// Time zones that `Prefer: timezone` may name are checked by PostgreSQL; settings of roles are kept here.
    var roleSettings: [String: [Setting]] = [:]
    /// Default isolation levels of roles.
    var roleIsolation: [String: String] = [:]

    /// A setting with its value.
    struct Setting: Sendable, Equatable {
        var name: String
        var value: String
    }
}

/// A table, view, foreign table, or partitioned table.
struct Table: Sendable, Equatable {
    var name: QualifiedName
    var isView: Bool
    /// In their order.
    var columns: [Column]
    var primaryKey: [String]
    var canInsert: Bool
    var canUpdate: Bool
    var canDelete: Bool
    var comment: String?
    private let indexes: [String: Int]

    init(
        name: QualifiedName, isView: Bool, columns: [Column], primaryKey: [String], canInsert: Bool, canUpdate: Bool,
        canDelete: Bool, comment: String?
    ) {
        self.name = name
        self.isView = isView
        self.columns = columns
        self.primaryKey = primaryKey
        self.canInsert = canInsert
        self.canUpdate = canUpdate
        self.canDelete = canDelete
        self.comment = comment
        indexes = Dictionary(zip(columns.map(\.name), columns.indices)) { first, _ in first }
    }

    func column(_ name: String) -> Column? { indexes[name].map { columns[$0] } }
}

/// A column.
struct Column: Sendable, Equatable {
    var name: String
    /// The type as SQL text.
    var type: String
    /// The type behind a domain, as SQL text; the same as ``type`` for anything else.
    var baseType: String
    var isNullable: Bool
    /// The default as an SQL expression, taken from the catalogue.
    var defaultSQL: String?
    var maxLength: Int?
    /// Labels of an enumeration.
    var labels: [String] = []
    var comment: String?

    var isJSON: Bool { baseType == "json" || baseType == "jsonb" }
    var isTextSearchVector: Bool { baseType == "tsvector" }
}

/// Conversions of a domain, by functions of implicit casts; each as the function's quoted name.
struct Representation: Sendable, Equatable {
    var toJSON: String?
    var fromJSON: String?
    var fromText: String?
}

/// How one relation leads to another.
struct Relationship: Sendable, Equatable {
    /// A junction table of a many-to-many relationship.
    struct Junction: Sendable, Equatable {
        var table: QualifiedName
        var originConstraint: String
        var targetConstraint: String
        /// Columns of the origin with those of the junction.
        var originColumns: [ColumnPair]
        /// Columns of the target with those of the junction.
        var targetColumns: [ColumnPair]
    }

    enum Kind: Sendable, Equatable {
        /// The origin has the foreign key.
        case manyToOne(constraint: String, [ColumnPair])
        /// The target has the foreign key.
        case oneToMany(constraint: String, [ColumnPair])
        /// `isOwner`: the origin has the foreign key.
        case oneToOne(constraint: String, [ColumnPair], isOwner: Bool)
        case manyToMany(Junction)
        /// A function from the origin's row to rows of the target.
        case computed(QualifiedName, isToOne: Bool)
    }

    var origin: QualifiedName
    var target: QualifiedName
    var originIsView = false
    var targetIsView = false
    var kind: Kind

    var isToOne: Bool {
        switch kind {
        case .manyToOne, .oneToOne: true
        case .computed(_, let isToOne): isToOne
        case .oneToMany, .manyToMany: false
        }
    }

    var isSelf: Bool { origin == target }
}

/// A column of the origin and the column of the other side that it is compared with.
struct ColumnPair: Sendable, Equatable, Hashable {
    var origin: String
    var target: String
}

/// A function that can be called.
struct Routine: Sendable, Equatable {
    struct Parameter: Sendable, Equatable {
        var name: String
        var type: String
        var isRequired: Bool
        var isVariadic: Bool
    }

    /// What a call gives.
    enum Returns: Sendable, Equatable {
        case void
        case scalar
        case composite
    }

    enum Volatility: String, Sendable {
        case immutable = "i"
        case stable = "s"
        case volatile = "v"
    }

    var name: QualifiedName
    var parameters: [Parameter]
    var returns: Returns
    var returnsSet: Bool
    /// The relation whose row type it returns.
    var returnTable: QualifiedName?
    /// The name of the returned domain, where that is a media type.
    var mediaType: String?
    var volatility: Volatility
    /// Settings of the function that apply to the whole transaction.
    var settings: [SchemaCache.Setting]
    var comment: String?

    var isReadOnly: Bool { volatility != .volatile }
    var isSingleUnnamed: Bool { parameters.count == 1 && parameters[0].name.isEmpty }
}

/// An aggregate that makes rows into a media type.
struct MediaHandler: Sendable, Equatable {
    /// Quoted name of the aggregate.
    var function: String
    /// The relation whose rows it takes; nil for rows of any.
    var table: QualifiedName?
    var mediaType: String
}
