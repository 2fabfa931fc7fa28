/// All that was read of the catalogue.
struct Catalog {
    var tables: [CatalogTable] = []
    var keys: [CatalogKey] = []
    var relations: [CatalogRelation] = []
    var functions: [CatalogFunction] = []
    var casts: [CatalogCast] = []
    var handlers: [CatalogHandler] = []
    var roles: [CatalogRole] = []
}

/// Makes a schema cache of what the catalogue says.
struct SchemaCacheBuilder {
    private static let canInsert = 1 << 3
    private static let canUpdate = 1 << 2
    private static let canDelete = 1 << 4
    private static let isolationSetting = "default_transaction_isolation"

    private let catalog: Catalog
    private let lineage: ViewLineage

    static func build(_ catalog: Catalog) -> SchemaCache {
        let builder = SchemaCacheBuilder(catalog)
        var cache = SchemaCache()
        cache.tables = builder.tables()
        cache.relationships = RelationshipBuilder(catalog, builder.lineage, tables: cache.tables).relationships()
        cache.routines = builder.routines()
        cache.representations = builder.representations()
        cache.mediaHandlers = builder.handlers()
        for role in catalog.roles {
            let settings = Self.settings(role.settings)
            cache.roleSettings[role.role] = settings.filter { $0.name != Self.isolationSetting }
            cache.roleIsolation[role.role] = settings.first { $0.name == Self.isolationSetting }?.value
        }
        return cache
    }

    private init(_ catalog: Catalog) {
        self.catalog = catalog
        lineage = ViewLineage(catalog.relations)
    }

    // MARK: Tables

    private func tables() -> [QualifiedName: Table] {
        let primaryKeys = Dictionary(
            catalog.keys.filter { $0.kind == "p" }.map { ($0.table, $0.columns) },
            uniquingKeysWith: { first, _ in first })
        var tables: [QualifiedName: Table] = [:]
        for table in catalog.tables {
            let name = QualifiedName(schema: table.schema, name: table.name)
            tables[name] = Table(
                name: name, isView: table.isView, columns: table.columns.map(Self.column),
                primaryKey: table.isView
                    ? lineage.primaryKey(ofView: table.oid, primaryKeys)
                    : table.primaryKey.compactMap { number in table.columns.first { $0.number == number }?.name },
                canInsert: table.updatable & Self.canInsert != 0, canUpdate: table.updatable & Self.canUpdate != 0,
                canDelete: table.updatable & Self.canDelete != 0, comment: table.comment)
        }
        return tables
    }

    private static func column(_ column: CatalogTable.Column) -> Column {
        Column(
            name: column.name, type: column.type, baseType: column.baseType, isNullable: column.isNullable,
            defaultSQL: column.identity ?? column.default, maxLength: column.maxLength, labels: column.labels ?? [],
            comment: column.comment)
    }

    // MARK: Functions

    private func routines() -> [QualifiedName: [Routine]] {
        var routines: [QualifiedName: [Routine]] = [:]
        for function in catalog.functions {
            guard Self.isCallable(function) else { continue }
            let name = QualifiedName(schema: function.schema, name: function.name)
            routines[name, default: []].append(
                Routine(
                    name: name, parameters: function.parameters.map(Self.parameter),
                    returns: Self.returns(function.returnKind), returnsSet: function.returnsSet,
                    returnTable: function.returnTable.flatMap(Self.qualified), mediaType: Self.mediaType(function),
                    volatility: Routine.Volatility(rawValue: function.volatility) ?? .volatile,
                    settings: Self.settings(function.settings ?? []), comment: function.comment))
        }
        return routines
    }

    /// All parameters have names, or the only one takes a whole body.
    private static func isCallable(_ function: CatalogFunction) -> Bool {
        guard function.parameters.contains(where: \.name.isEmpty) else { return true }
        guard function.parameters.count == 1 else { return false }
        return ["json", "jsonb", "text", "xml", "bytea"].contains(function.parameters[0].type)
    }

    /// The catalogue keeps no length of a parameter's type, and without one `character` is a single character.
    private static func lengthless(_ type: String) -> String {
        switch type {
        case "character": "character varying"
        case "character[]": "character varying[]"
        case "bit": "bit varying"
        case "bit[]": "bit varying[]"
        default: type
        }
    }

    private static func parameter(_ parameter: CatalogFunction.Parameter) -> Routine.Parameter {
        Routine.Parameter(
            name: parameter.name, type: lengthless(parameter.type), isRequired: parameter.isRequired,
            isVariadic: parameter.isVariadic)
    }

    private static func returns(_ kind: String) -> Routine.Returns {
        switch kind {
        case "void": .void
        case "composite": .composite
        default: .scalar
        }
    }

    private static func mediaType(_ function: CatalogFunction) -> String? {
        guard function.returnType.count == 3, function.returnType[2] == "d", function.returnType[1].contains("/") else {
            return nil
        }
        return function.returnType[1].lowercased()
    }

    private static func settings(_ texts: [String]) -> [SchemaCache.Setting] {
        texts.compactMap { text in
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return parts.count == 2 ? .init(name: String(parts[0]), value: String(parts[1])) : nil
        }
    }

    static func qualified(_ parts: [String]) -> QualifiedName? {
        parts.count == 2 ? QualifiedName(schema: parts[0], name: parts[1]) : nil
    }

    // MARK: Domains

    private func representations() -> [String: Representation] {
        var representations: [String: Representation] = [:]
        for cast in catalog.casts {
            let domain = cast.isFromDomain ? cast.source : cast.target
            switch (cast.isFromDomain, cast.isFromDomain ? cast.target : cast.source) {
            case (true, "json"): representations[domain, default: Representation()].toJSON = cast.function
            case (false, "json"): representations[domain, default: Representation()].fromJSON = cast.function
            case (false, "text"): representations[domain, default: Representation()].fromText = cast.function
            default: break
            }
        }
        return representations
    }

    private func handlers() -> [MediaHandler] {
        catalog.handlers.compactMap { handler in
            let table = handler.table.flatMap(Self.qualified)
            guard handler.isAny || table != nil else { return nil }
            return MediaHandler(
                function: handler.function, table: handler.isAny ? nil : table,
                mediaType: handler.mediaType.lowercased())
        }
    }
}
