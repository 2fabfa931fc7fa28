import DataPlaneCore
import PostgresKit

/// The row of a main statement.
struct MainRow {
    var total: Int64?
    var page: Int64
    var body: [UInt8]?
    var bodyIsBytea: Bool
    var headers: String?
    var status: String?
    var location: String?
    var inserted: Int64?

    /// Object id of the type bytea (PostgreSQL's `pg_type.dat`).
    private static let bytea: UInt32 = 17

    init?(_ result: PostgresPipelineResult) {
        guard let row = result.rows.first, row.count > MainStatement.Column.inserted else {
            return nil
        }
        let text = { (column: Int) in row[column].map { String(decoding: $0, as: UTF8.self) } }
        total = text(MainStatement.Column.total).flatMap { Int64($0) }
        page = text(MainStatement.Column.page).flatMap { Int64($0) } ?? 0
        body = row[MainStatement.Column.body]
        bodyIsBytea = result.types[MainStatement.Column.body] == Self.bytea
        headers = text(MainStatement.Column.headers)
        status = text(MainStatement.Column.status)
        location = text(MainStatement.Column.location)
        inserted = text(MainStatement.Column.inserted).flatMap { Int64($0) }
    }

    /// The body's bytes; a bytea comes in hexadecimal.
    var bodyBytes: [UInt8] {
        guard let body else { return [] }
        guard bodyIsBytea, body.starts(with: "\\x".utf8) else { return body }
        // PostgreSQL writes small letters.
        let value = { (digit: UInt8) in digit < UInt8(ascii: "a") ? digit & 15 : digit & 15 + 9 }
        return stride(from: 2, to: body.count - 1, by: 2).map { value(body[$0]) << 4 | value(body[$0 + 1]) }
    }
}

/// Makes the answer of a request out of the row of its main statement.
struct AnswerBuilder: Sendable {
    let request: RestRequest
    let plan: RequestPlan
    let configuration: RestConfiguration
    /// The planner's count, where it was asked for.
    var planned: Int64?

    /// What keeps a transaction from being committed although every statement succeeded.
    func refusal(_ row: MainRow) -> RestError? {
        if plan.form.isSingular, row.page != 1 { return .singular(row.page) }
        if let max = request.preferences.strictMaxAffected, limitsAffected, row.page > max {
            return .affected(row.page)
        }
        return nil
    }

    func answer(_ row: MainRow) throws(RestError) -> RestHTTPResponse {
        let total = self.total(row)
        if case .read = plan.action { try check(total) } else if case .call = plan.action { try check(total) }
        var response = RestHTTPResponse(status: status(row, total: total))
        if hasContent(response.status) {
            response.body = request.method == .head ? [] : row.bodyBytes
            response.set("Content-Type", contentType)
        }
        contentRange(of: row, total: total, into: &response)
        if case .read = plan.action { response.set("Content-Location", contentLocation) }
        if let location = location(row) { response.set("Location", location) }
        if let applied { response.set("Preference-Applied", applied) }
        if request.showsProfile, hasContent(response.status) { response.set("Content-Profile", request.schema) }
        for warning in plan.warnings { response.headers.append(("Warning", "299 - \"\(warning)\"")) }
        response.set("Vary", "Accept, Prefer, Range")
        try applySettings(row, &response)
        return response
    }

    // MARK: Status

    private var returnsBody: Bool {
        switch plan.action {
        case .read, .call: true
        default: request.preferences.representation == .representation
        }
    }

    private func status(_ row: MainRow, total: Int64?) -> Int {
        switch plan.action {
        case .read: return pageStatus(row, total)
        case .call(let routine): return routine.returns == .void && !routine.returnsSet ? 204 : pageStatus(row, total)
        case .insert:
            if request.preferences.resolution == .merge, plan.hasConflictTarget, (row.inserted ?? 0) <= 0 {
                return 200
            }
            return 201
        case .put:
            guard returnsBody else { return 204 }
            return (row.inserted ?? 0) > 0 ? 201 : 200
        case .update, .delete: return returnsBody ? 200 : 204
        }
    }

    private func pageStatus(_ row: MainRow, _ total: Int64?) -> Int {
        guard let total, row.page < total else { return 200 }
        return 206
    }

    private func hasContent(_ status: Int) -> Bool { status != 204 && returnsBody }

    // MARK: Counts

    private func total(_ row: MainRow) -> Int64? {
        guard let count = request.preferences.count else { return nil }
        let exact = row.total ?? (plan.range.isWhole ? row.page : nil)
        switch count {
        case .exact: return exact
        case .planned: return planned ?? exact
        case .estimated:
            guard let maxRows = configuration.maxRows else { return [exact, planned].compactMap(\.self).max() }
            guard let exact, exact > maxRows else { return exact }
            return max(exact, planned ?? exact)
        }
    }

    private func check(_ total: Int64?) throws(RestError) {
        guard let total, plan.range.offset > total else { return }
        throw .offset(plan.range.offset, total: total)
    }

    private func contentRange(of row: MainRow, total: Int64?, into response: inout RestHTTPResponse) {
        let counted = request.preferences.count == .exact ? row.page : nil
        switch plan.action {
        case .read, .call:
            guard response.status != 204 else { return }
            response.set(
                "Content-Range", RowRange.header(first: plan.range.offset, count: row.page, total: total))
        case .update: response.set("Content-Range", RowRange.header(first: 0, count: row.page, total: counted))
        case .insert, .delete: response.set("Content-Range", RowRange.header(first: 0, count: 0, total: counted))
        case .put: break
        }
    }

    // MARK: Headers

    private var contentType: String {
        plan.mediaType.hasCharset ? plan.mediaType.contentType : plan.mediaType.name
    }

    private var contentLocation: String {
        let query = request.query.canonical
        return request.http.path + (query.isEmpty ? "" : "?" + query)
    }

    private var limitsAffected: Bool {
        switch plan.action {
        case .update, .delete, .call: true
        case .read, .insert, .put: false
        }
    }

    private var applied: String? {
        var isWrite = true
        var isInsert = false
        var takesMissing = false
        switch plan.action {
        case .read, .call: isWrite = false
        case .insert: (isInsert, takesMissing) = (true, true)
        case .update: takesMissing = true
        case .put, .delete: break
        }
        return request.preferences.applied(
            isWrite: isWrite, isInsert: isInsert, takesMissing: takesMissing, hasConflictTarget: plan.hasConflictTarget,
            mayEndTransaction: configuration.allowsTransactionPreference, limitsAffected: limitsAffected)
    }

    private func location(_ row: MainRow) -> String? {
        guard request.preferences.representation == .headersOnly, row.page == 1,
            let text = row.location, let list = try? JSONText(Array(text.utf8)),
            case .object(let members)? = list.arrayValue?.first
        else { return nil }
        let pairs = members.map { member in
            let value = member.value.stringValue.map { "eq." + PercentCoding.encode($0) } ?? "is.null"
            return PercentCoding.encode(member.name) + "=" + value
        }
        return request.http.path + "?" + pairs.joined(separator: "&")
    }

    private static let framing: Set = [
        "connection", "content-length", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade",
    ]

    /// What SQL says of the answer by `response.headers` and `response.status`.
    private func applySettings(_ row: MainRow, _ response: inout RestHTTPResponse) throws(RestError) {
        if let text = row.headers {
            guard let list = (try? JSONText(Array(text.utf8)))?.arrayValue else { throw .headersSetting }
            var replaced: Set<String> = []
            for element in list {
                guard case .object(let members) = element, members.count == 1, let value = members[0].value.stringValue
                else { throw .headersSetting }
                let name = members[0].name
                // Where an answer ends and whether its connection stays open is the decision of the server alone.
                guard !Self.framing.contains(name.lowercased()) else { throw .headersSetting }
                if replaced.insert(name.lowercased()).inserted {
                    response.headers.removeAll { $0.name.lowercased() == name.lowercased() }
                }
                response.headers.append((name, value))
            }
        }
        if let text = row.status {
            guard let status = Int(text), (200...599).contains(status) else { throw .statusSetting }
            response.status = status
        }
    }
}
