import DataPlaneCore

/// Finds the relationship that an embed means.
struct RelationshipFinder {
    let cache: SchemaCache

    /// - Parameters:
    ///   - origin: the relation that embeds.
    ///   - name: relation, constraint, column or function that the request names.
    ///   - schema: the request's schema, for the error.
    func find(
        from origin: QualifiedName, name: String, hint: String?, schema: String
    ) throws(RestError) -> Relationship {
        let candidates = cache.relationships[origin] ?? []
        let computed = candidates.filter { relationship in
            guard case .computed(let function, _) = relationship.kind else { return false }
            return function.name == name && hint == nil
        }
        if let first = computed.first { return first }
        let found = candidates.filter { matches($0, name: name, hint: hint) }
        switch found.count {
        case 1: return found[0]
        case 0: throw none(from: origin, named: name, hint: hint, schema: schema, candidates: candidates)
        default: throw several(found, from: origin, named: name)
        }
    }

    private func matches(_ relationship: Relationship, name: String, hint: String?) -> Bool {
        guard !relationship.isComputed else { return false }
        let isNamed = relationship.target.name == name
        guard let hint else { return matchesWithoutHint(relationship, name: name, isNamed: isNamed) }
        guard isNamed else { return false }
        switch relationship.kind {
        case .manyToOne(let constraint, let pairs):
            guard !relationship.isSelf else { return false }
            return constraint == hint || Self.single(pairs)?.origin == hint || Self.single(pairs)?.target == hint
        case .oneToMany(let constraint, let pairs):
            if relationship.isSelf { return Self.single(pairs)?.target == hint }
            return constraint == hint || Self.single(pairs)?.origin == hint || Self.single(pairs)?.target == hint
        case .oneToOne(let constraint, let pairs, _):
            return constraint == hint || Self.single(pairs)?.origin == hint || Self.single(pairs)?.target == hint
        case .manyToMany(let junction): return junction.table.name == hint
        case .computed: return false
        }
    }

    private func matchesWithoutHint(_ relationship: Relationship, name: String, isNamed: Bool) -> Bool {
        switch relationship.kind {
        case .manyToOne(let constraint, let pairs), .oneToOne(let constraint, let pairs, true):
            if relationship.isSelf { return Self.single(pairs)?.origin == name }
            return isNamed
                || !relationship.targetIsView && (constraint == name || Self.single(pairs)?.origin == name)
        case .oneToMany(let constraint, _):
            if relationship.isSelf { return isNamed }
            return isNamed || !relationship.targetIsView && constraint == name
        case .oneToOne(let constraint, let pairs, false):
            if relationship.isSelf { return isNamed }
            return isNamed
                || !relationship.targetIsView && (constraint == name || Self.single(pairs)?.origin == name)
        case .manyToMany: return isNamed
        case .computed: return false
        }
    }

    private static func single(_ pairs: [ColumnPair]) -> ColumnPair? { pairs.count == 1 ? pairs[0] : nil }

    // MARK: Errors

    private func none(
        from origin: QualifiedName, named name: String, hint: String?, schema: String, candidates: [Relationship]
    ) -> RestError {
        let using = hint.map { "using the hint '\(ErrorText.name($0))' " } ?? ""
        let pair = "'\(origin.name)' and '\(ErrorText.name(name))'"
        return RestError(
            400, code: "PGRST200", message: "Could not find a relationship between \(pair) in the schema cache",
            details: "Searched for a foreign key relationship between \(pair) \(using)"
                + "in the schema '\(schema)', but no matches were found.",
            hint: nearest(to: name, from: origin, candidates: candidates))
    }

    private func nearest(to name: String, from origin: QualifiedName, candidates: [Relationship]) -> String? {
        guard !candidates.isEmpty else {
            let known = Set(cache.relationships.filter { !$0.value.isEmpty }.keys.map(\.name))
            return NearestName.find(origin.name, among: known, likeness: NearestName.nameLikeness)
                .map { "Perhaps you meant '\($0)' instead of '\(origin.name)'." }
        }
        let targets = Set(candidates.map(\.target.name))
        guard !targets.contains(name) else { return nil }
        return NearestName.find(name, among: targets, likeness: 0.5)
            .map { "Perhaps you meant '\($0)' instead of '\(name)'." }
    }

    private func several(_ found: [Relationship], from origin: QualifiedName, named name: String) -> RestError {
        var error = RestError(
            300, code: "PGRST201",
            message: "Could not embed because more than one relationship was found for '\(origin.name)' and '\(name)'")
        let sorted = found.sorted { ($0.rank, $0.description) < ($1.rank, $1.description) }
        error.details = .array(sorted.map(Self.detail))
        let choices = sorted.map { "'\(name)!\($0.hintName)'" }.joined(separator: ", ")
        error.hint = .string(
            "Try changing '\(name)' to one of the following: \(choices). "
                + "Find the desired relationship in the 'details' key.")
        return error
    }

    private static func detail(_ relationship: Relationship) -> JSONText {
        .object([
            .init("cardinality", .string(relationship.cardinality)),
            .init("embedding", .string("\(relationship.origin.name) with \(relationship.target.name)")),
            .init("relationship", .string(relationship.description)),
        ])
    }
}

extension Relationship {
    var cardinality: String {
        switch kind {
        case .manyToOne: "many-to-one"
        case .oneToMany: "one-to-many"
        case .oneToOne: "one-to-one"
        case .manyToMany: "many-to-many"
        case .computed(_, let isToOne): isToOne ? "many-to-one" : "one-to-many"
        }
    }

    /// Place among the choices of an ambiguous embed.
    var rank: Int {
        switch kind {
        case .oneToMany: 0
        case .oneToOne: 1
        case .manyToOne: 2
        case .manyToMany: 3
        case .computed: 4
        }
    }

    /// What tells this relationship from others in a request.
    var hintName: String {
        switch kind {
        case .manyToOne(let constraint, _), .oneToMany(let constraint, _), .oneToOne(let constraint, _, _): constraint
        case .manyToMany(let junction): junction.table.name
        case .computed(let function, _): function.name
        }
    }

    /// The relationship in words, as errors have it.
    var description: String {
        let list = { (names: [String]) in names.joined(separator: ", ") }
        switch kind {
        case .manyToOne(let constraint, let pairs), .oneToMany(let constraint, let pairs),
            .oneToOne(let constraint, let pairs, _):
            return "\(constraint) using \(origin.name)(\(list(pairs.map(\.origin)))) "
                + "and \(target.name)(\(list(pairs.map(\.target))))"
        case .manyToMany(let junction):
            return "\(junction.table.name) using "
                + "\(junction.originConstraint)(\(list(junction.originColumns.map(\.target)))) "
                + "and \(junction.targetConstraint)(\(list(junction.targetColumns.map(\.target))))"
        case .computed(let function, _): return function.name
        }
    }
}
