/// A relation of a read, with what is embedded in it.
struct ReadNode: Sendable {
    /// How the relation is named in a query: an alias, or the name.
    var name: String
    /// The name without alias; only the alias may be used in paths once there is one.
    var targetName: String
    var hasAlias = false
    var table: QualifiedName
    /// What the cache knows of it; nil for rows of functions that belong to no relation.
    var info: Table?
    var depth = 0
    /// Absent at the root.
    var relationship: Relationship?
    var join: JoinKind = .left
    var isSpread = false
    /// Name of the lateral join in the parent.
    var lateralName = ""
    /// How columns are qualified, as SQL text.
    var qualifier: String
    /// The same of the parent; nil at the root.
    var parentQualifier: String?
    /// What stands after `FROM`; nil for computed relationships, whose function is called there.
    var source: String
    var select: [SelectField] = []
    var hasStar = false
    var conditions: [PlannedCondition] = []
    var order: [PlannedOrder] = []
    var range = RowRange()
    var children: [ReadNode] = []

    var isToOne: Bool { relationship?.isToOne ?? false }
    /// Whether nothing of it appears in the answer.
    var isHidden: Bool { !hasStar && select.isEmpty && children.allSatisfy(\.isHidden) }
    /// Whether its aggregates are computed by an ancestor.
    var isToOneSpread: Bool { isSpread && isToOne }

    /// Whether an aggregate is computed at this node: its own, or one of its to-one spreads.
    var hasAggregate: Bool {
        select.contains { $0.aggregate != nil } || children.contains { $0.isToOneSpread && $0.hasAggregate }
    }

    /// Whether `order` and embeds of this node can name its columns.
    func child(named name: String) -> Int? { children.firstIndex { $0.name == name } }
}

/// A condition of a node, with what the plan found out about it.
indirect enum PlannedCondition: Sendable {
    case filter(Filter)
    /// Whether an embedded relation has rows: by the name of its lateral join.
    case embedExists(Bool, childName: String)
    case group(isNegated: Bool, isOr: Bool, [PlannedCondition])
}

/// A term of `order` with its place.
struct PlannedOrder {
    /// Lateral join of the embedded relation whose column is meant.
    var lateralName: String?
    var path: FieldPath
    var direction: OrderTerm.Direction?
    var nulls: OrderTerm.Nulls?
}
