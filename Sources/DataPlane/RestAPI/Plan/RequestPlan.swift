/// Everything that is decided about a request before the database sees it.
struct RequestPlan: Sendable {
    enum Action {
        case read
        case insert
        case put
        case update
        case delete
        case call(Routine)
    }

    var action: Action
    var statement: SQLStatement
    /// Asks the planner how many rows there are.
    var rowEstimate: SQLStatement?
    var form: AnswerForm
    var mediaType: MediaType
    var isReadOnly: Bool
    var range: RowRange
    /// Whether an upsert has columns to find conflicts by.
    var hasConflictTarget = false
    var warnings: [String] = []
    /// Answers with the statement's plan instead of its result.
    var explain: ExplainRequest?

}

/// Makes the plan of a request: pure, from the request and a schema cache.
struct RequestPlanner {
    let request: RestRequest
    let cache: SchemaCache
    let configuration: RestConfiguration

    func plan() throws(RestError) -> RequestPlan {
        switch request.target {
        case .root: throw .rootDisabled
        case .relation(let name): try planRelation(QualifiedName(schema: request.schema, name: name))
        case .function(let name): try planCall(QualifiedName(schema: request.schema, name: name))
        }
    }

    /// Looks for what the body does not decide: whether there is a table that it could go into.
    func checkHead() throws(RestError) {
        guard case .relation(let name) = request.target else { return }
        _ = try table(QualifiedName(schema: request.schema, name: name))
    }

    private func table(_ name: QualifiedName) throws(RestError) -> Table {
        guard let table = cache.tables[name] else { throw .table(name, nearest: nearest(name)) }
        return table
    }

    private func planRelation(_ name: QualifiedName) throws(RestError) -> RequestPlan {
        let table = try table(name)
        switch request.method {
        case .get, .head: return try planRead(table)
        case .post, .put, .patch, .delete: return try planChange(table)
        case .options: throw .method(request.method.rawValue)
        }
    }

    private func nearest(_ name: QualifiedName) -> String? {
        let names = cache.tables.keys.filter { $0.schema == name.schema }.map(\.name)
        return NearestName.find(name.name, among: names, likeness: NearestName.nameLikeness)
    }

    private var planner: ReadPlanner {
        ReadPlanner(cache: cache, configuration: configuration, schema: request.schema, parameters: request.query)
    }

    private func choose(
        table: QualifiedName?, routine: Routine? = nil
    ) throws(RestError) -> (type: MediaType, form: AnswerForm, explain: ExplainRequest?) {
        try AnswerChooser(
            cache: cache, configuration: configuration, table: table, routine: routine,
            hasDefaultSelect: request.query.select == [.star]
        ).choose(request.accepted)
    }

    /// A plan is shown as it is.
    private func bytesMax(_ explain: ExplainRequest?) -> Int? { explain == nil ? configuration.answerBytesMax : nil }

    // MARK: Reads

    private func planRead(_ table: Table) throws(RestError) -> RequestPlan {
        let (type, form, explain) = try choose(table: table.name)
        let root = ReadPlanner.Root(
            table: table.name, info: table, source: table.name.sql, qualifier: table.name.sql)
        let (node, warnings) = try planner.plan(root, headerRange: request.range, isChanged: false)
        var read = ReadSQL(cache: cache, builder: SQLBuilder())
        let source = read.statement(node)
        let count = count(node, &read, source: table.name.sql)
        let main = MainStatement(
            source: source, rows: "SELECT * FROM pgrst_source",
            form: request.method == .head ? .none : form,
            bytesMax: bytesMax(explain), count: count)
        var plan = RequestPlan(
            action: .read, statement: try read.builder.statement(main.text), form: form,
            mediaType: type, isReadOnly: true, range: node.range, warnings: warnings)
        plan.rowEstimate = try rowEstimate(node, source: table.name.sql)
        plan.explain = explain
        return plan
    }

    /// Counts the rows without limit, where a limit hides some.
    private func count(_ node: ReadNode, _ read: inout ReadSQL, source: String) -> String? {
        guard let count = request.preferences.count, count != .planned, !node.range.isWhole else { return nil }
        let conditions = read.bareConditions(node)
        let filter = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        var sql = "SELECT 1 FROM \(source)\(filter)"
        if count == .estimated, let max = configuration.maxRows {
            sql += " LIMIT \(read.builder.bind(String(max.addingSaturating(1))))::bigint"
        }
        return sql
    }

    private func rowEstimate(_ node: ReadNode, source: String) throws(RestError) -> SQLStatement? {
        guard request.preferences.count == .planned || request.preferences.count == .estimated else { return nil }
        var read = ReadSQL(cache: cache, builder: SQLBuilder())
        let conditions = read.bareConditions(node)
        let filter = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        return try read.builder.statement("EXPLAIN (FORMAT JSON) SELECT 1 FROM \(source)\(filter)")
    }

    // MARK: Changes

    private func planChange(_ table: Table) throws(RestError) -> RequestPlan {
        let returnsRows = request.preferences.representation == .representation
        let (type, form, explain) = try choose(table: table.name)
        let alias = SQLText.identifier(table.name.name)
        let root = ReadPlanner.Root(
            table: table.name, info: table, source: "pgrst_source AS \(alias)", qualifier: alias)
        let (node, warnings) = try planner.plan(root, headerRange: RowRange(), isChanged: true)
        let body =
            request.method == .delete
            ? RequestBody(json: "[]", keys: [], isArray: true)
            : try RequestBody.read(
                request.body, type: request.contentType, columns: request.query.columns,
                bytesMax: configuration.bodyBytesMax)
        let (action, change) = try change(of: table, body: body, read: returnsRows ? node : nil)
        var sql = ChangeSQL(plan: change, cache: cache, builder: SQLBuilder())
        let source = sql.statement()
        var read = ReadSQL(cache: cache, builder: sql.builder)
        let rows = returnsRows ? read.statement(node) : "SELECT * FROM pgrst_source"
        var main = MainStatement(
            source: source, rows: rows, form: returnsRows ? form : .none,
            bytesMax: bytesMax(explain))
        var hasConflictTarget = false
        if case .insert(let conflict) = change.kind {
            hasConflictTarget = conflict != nil
            main.countsInserted = conflict != nil
            if request.preferences.representation == .headersOnly { main.locationColumns = table.primaryKey }
        }
        return RequestPlan(
            action: action, statement: try read.builder.statement(main.text), form: form,
            mediaType: type, isReadOnly: false, range: RowRange(), hasConflictTarget: hasConflictTarget,
            warnings: warnings, explain: explain)
    }

    private func change(
        of table: Table, body: RequestBody, read: ReadNode?
    ) throws(RestError) -> (RequestPlan.Action, ChangePlan) {
        let planner = ChangePlanner(
            cache: cache, configuration: configuration, parameters: request.query, preferences: request.preferences)
        switch request.method {
        case .put: return (.put, try planner.put(table, body, read: read))
        case .patch: return (.update, try planner.update(table, body, read: read))
        case .delete: return (.delete, try planner.delete(table, read: read))
        default: return (.insert, try planner.insert(table, body, read: read))
        }
    }

    // MARK: Calls

    private func planCall(_ name: QualifiedName) throws(RestError) -> RequestPlan {
        let given: CallPlanner.Given =
            request.isRead ? .query(request.query.arguments) : .body(request.body, request.contentType)
        let call = try CallPlanner(cache: cache, bodyBytesMax: configuration.bodyBytesMax).plan(
            name, given, columns: request.query.columns)
        let routine = call.routine
        if request.preferences.strictMaxAffected != nil, !routine.returnsSet { throw .affectedOnScalar }
        let (type, form, explain) = try choose(table: routine.returnTable, routine: routine)
        var sql = CallSQL(
            plan: call, computed: computed(routine.returnTable.flatMap { cache.tables[$0] }), builder: SQLBuilder())
        let source = sql.statement()
        guard !routine.returnsScalar else {
            return try scalarCall(
                routine, source: source, builder: sql.builder, type: type, form: form, explain: explain)
        }
        let table = routine.returnTable ?? name
        let alias = SQLText.identifier(table.name)
        let root = ReadPlanner.Root(
            table: table, info: routine.returnTable.flatMap { cache.tables[$0] },
            source: "pgrst_source AS \(alias)", qualifier: alias)
        let (node, warnings) = try planner.plan(root, headerRange: request.range, isChanged: false)
        var read = ReadSQL(cache: cache, builder: sql.builder)
        let rows = read.statement(node)
        let count = count(node, &read, source: "pgrst_source AS \(alias)")
        let main = MainStatement(
            source: source, rows: rows, form: request.method == .head ? .none : form,
            bytesMax: bytesMax(explain), count: count)
        return RequestPlan(
            action: .call(routine), statement: try read.builder.statement(main.text),
            form: form, mediaType: type, isReadOnly: request.isRead || routine.isReadOnly, range: node.range,
            warnings: warnings, explain: explain)
    }

    /// What is selected, filtered or sorted by and is no column of the table.
    private func computed(_ table: Table?) -> [String] {
        guard let table else { return [] }
        let selected = request.query.select.compactMap { item -> String? in
            if case .field(let field) = item { field.path?.name } else { nil }
        }
        let sorted = request.query.orders.filter { $0.embed.isEmpty }.flatMap(\.terms)
            .filter { $0.relation == nil }.map(\.path.name)
        let filtered = request.query.filters.filter { $0.embed.isEmpty }.map(\.filter.path.name)
        let embeds = Set(request.query.select.compactMap(\.embedName))
        return (selected + sorted + filtered).uniqued.filter { table.column($0) == nil && !embeds.contains($0) }
    }

    private func scalarCall(
        _ routine: Routine, source: String, builder: SQLBuilder, type: MediaType, form: AnswerForm,
        explain: ExplainRequest?
    ) throws(RestError) -> RequestPlan {
        var builder = builder
        var range = RowRange()
        var rows = "SELECT * FROM pgrst_source"
        if routine.returnsSet {
            let wanted = RowRange(offset: request.query.offsets[[]] ?? 0, limit: request.query.limits[[]])
            range = wanted.intersection(request.range).capped(configuration.maxRows)
            if let limit = range.limit { rows += " LIMIT \(builder.bind(String(limit)))::bigint" }
            if range.offset > 0 { rows += " OFFSET \(builder.bind(String(range.offset)))::bigint" }
        }
        let count = request.preferences.count != nil && !range.isWhole ? "SELECT 1 FROM pgrst_source" : nil
        let main = MainStatement(
            source: source, rows: rows, form: request.method == .head ? .none : form,
            bytesMax: bytesMax(explain), count: count)
        return RequestPlan(
            action: .call(routine), statement: try builder.statement(main.text),
            form: form, mediaType: type, isReadOnly: request.isRead || routine.isReadOnly, range: range,
            explain: explain)
    }
}
