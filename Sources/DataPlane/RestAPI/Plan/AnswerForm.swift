/// How rows become the body of an answer.
enum AnswerForm: Equatable {
    case array(stripsNulls: Bool)
    /// One object; anything but one row is refused.
    case singular(stripsNulls: Bool)
    /// What a function that gives one row answers: the object or null.
    case object
    case scalar
    case scalarArray
    case csv
    case geoJSON
    /// The value of a function that returns a media type.
    case raw
    /// An aggregate; `row` is the type that rows are cast to.
    case handler(function: String, row: String?)
    /// No body is made.
    case none

    /// The body as an SQL expression over the rows `_postgrest_t`.
    var sql: String {
        let rows = "_postgrest_t"
        switch self {
        case .array(let strips):
            return "coalesce(\(strips ? "json_strip_nulls(json_agg(\(rows)))" : "json_agg(\(rows))"), '[]')"
        case .singular(let strips):
            let first = "json_agg(\(rows))->0"
            return "coalesce(\(strips ? "json_strip_nulls(\(first))" : first), 'null')"
        case .object: return "coalesce(json_agg(\(rows))->0, 'null')"
        case .scalar: return "coalesce(json_agg(\(rows).\(CallSQL.scalarName))->0, 'null')"
        case .scalarArray: return "coalesce(json_agg(\(rows).\(CallSQL.scalarName)), '[]')"
        case .csv:
            return
                "coalesce((SELECT string_agg(k, ',') FROM json_object_keys(json_agg(\(rows))->0) k), '') || E'\\n' || "
                + "coalesce(string_agg(substring(\(rows)::text, 2, length(\(rows)::text) - 2), E'\\n'), '')"
        case .geoJSON:
            return "json_build_object('type', 'FeatureCollection', 'features', "
                + "coalesce(json_agg(ST_AsGeoJSON(\(rows))::json), '[]'))"
        case .raw: return "(array_agg(\(rows).\(CallSQL.scalarName)))[1]"
        case .handler(let function, let row): return "\(function)(\(rows)\(row.map { "::" + $0 } ?? ""))"
        case .none: return "NULL::text"
        }
    }

    var isSingular: Bool { if case .singular = self { true } else { false } }
}

/// Chooses the form of an answer by what the client accepts.
struct AnswerChooser {
    let cache: SchemaCache
    let configuration: RestConfiguration
    /// The relation whose rows are answered; nil for rows of none.
    let table: QualifiedName?
    /// The function that was called; nil for relations.
    let routine: Routine?
    /// Whether the request selects the default columns only: aggregates of a relation take whole rows.
    let hasDefaultSelect: Bool

    func choose(
        _ accepted: [MediaType]
    ) throws(RestError) -> (type: MediaType, form: AnswerForm, explain: ExplainRequest?) {
        for type in accepted {
            if configuration.allowsPlans, let explain = ExplainRequest(type), let planned = form(explain.target) {
                return (planned.0, planned.1, explain)
            }
            if let form = form(type) { return (form.0, form.1, nil) }
        }
        throw .mediaType(accepted.map(\.spelled))
    }

    private func form(_ type: MediaType) -> (MediaType, AnswerForm)? {
        if let raw = rawForm(type) { return raw }
        if routine?.returnsScalar != true, let handler = handlerForm(type) { return handler }
        switch type.vendorName {
        case "*/*", "application/*", MediaType.json.name: return (.json, plain(stripsNulls: false))
        case MediaType.array.name:
            return type.stripsNulls ? (type, plain(stripsNulls: true)) : (.json, plain(stripsNulls: false))
        case MediaType.object.name:
            guard routine?.returnsScalar != true else { return (type, plain(stripsNulls: false)) }
            return (type, .singular(stripsNulls: type.stripsNulls))
        case MediaType.csv.name: return (.csv, .csv)
        case MediaType.geoJSON.name where routine?.returnsScalar != true: return (.geoJSON, .geoJSON)
        default: return nil
        }
    }

    private func plain(stripsNulls: Bool) -> AnswerForm {
        guard let routine else { return .array(stripsNulls: stripsNulls) }
        switch (routine.returns, routine.returnsSet) {
        case (.composite, true): return .array(stripsNulls: stripsNulls)
        case (.composite, false): return .object
        case (_, true): return .scalarArray
        case (_, false): return .scalar
        }
    }

    private func rawForm(_ type: MediaType) -> (MediaType, AnswerForm)? {
        guard let routine, let media = routine.mediaType, !routine.returnsSet else { return nil }
        if media == "*/*" { return (.octets, .raw) }
        guard type.name == media else { return nil }
        return (MediaType(name: media), .raw)
    }

    private func handlerForm(_ type: MediaType) -> (MediaType, AnswerForm)? {
        guard !type.vendorName.hasPrefix("application/vnd.pgrst.") else { return nil }
        let own = cache.mediaHandlers.filter { $0.table == table && table != nil && hasDefaultSelect }
        let general = cache.mediaHandlers.filter { $0.table == nil }
        if let handler = own.first(where: { $0.mediaType == type.name && $0.mediaType != "*/*" }) {
            return (MediaType(name: handler.mediaType), form(handler))
        }
        if let handler = general.first(where: { $0.mediaType == type.name && $0.mediaType != "*/*" }) {
            return (MediaType(name: handler.mediaType), form(handler))
        }
        if let handler = own.first(where: { $0.mediaType == "*/*" }) { return (.octets, form(handler)) }
        if type.name == "*/*", let handler = general.first(where: { $0.mediaType == "*/*" }) {
            return (.octets, form(handler))
        }
        return nil
    }

    private func form(_ handler: MediaHandler) -> AnswerForm {
        .handler(function: handler.function, row: handler.table?.sql)
    }
}

extension MediaType {
    /// Whether an answer of this type names its character set.
    var hasCharset: Bool {
        switch vendorName {
        case MediaType.json.name, MediaType.csv.name, MediaType.geoJSON.name, MediaType.openAPI.name,
            MediaType.object.name, MediaType.array.name, MediaType.text.name, MediaType.xml.name:
            true
        default: false
        }
    }
}

extension Routine {
    /// Whether a call gives values rather than rows.
    var returnsScalar: Bool { returns != .composite }
}
