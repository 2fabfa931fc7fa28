import DataPlaneCore

/// A call of a function.
struct CallPlan {
    /// Where the arguments come from.
    enum Arguments {
        /// Texts by name, in the order of the parameters.
        case texts([(parameter: Routine.Parameter, values: [String])])
        /// A JSON object, and the parameters that it gives.
        case json(RequestBody, [Routine.Parameter])
        /// The whole body for the only, unnamed parameter.
        case whole(String, type: String)
    }

    var routine: Routine
    var arguments: Arguments
}

/// Chooses the overload of a function that a request means.
struct CallPlanner {
    let cache: SchemaCache
    /// Bytes of the bodies that are taken.
    let bodyBytesMax: Int

    /// What a request gives to a function.
    enum Given {
        /// By the query string of a GET or HEAD.
        case query([QueryParameters.Argument])
        /// By the body of a POST of this type.
        case body([UInt8], MediaType)
    }

    func plan(_ name: QualifiedName, _ given: Given, columns: [String]?) throws(RestError) -> CallPlan {
        switch given {
        case .query(let arguments): try byQuery(name, arguments)
        case .body(let bytes, let type): try byBody(bytes, type: type, columns: columns, of: name)
        }
    }

    private func byQuery(
        _ name: QualifiedName, _ given: [QueryParameters.Argument], isPost: Bool = false
    ) throws(RestError) -> CallPlan {
        let names = Set(given.map(\.name))
        let routine = try choose(
            name, fitting(name, names), given: given.map(\.name), contentType: nil, isPost: isPost)
        let values = routine.parameters.compactMap { parameter -> (Routine.Parameter, [String])? in
            let values = given.filter { $0.name == parameter.name }.map(\.value)
            guard let last = values.last else { return nil }
            return (parameter, parameter.isVariadic ? values : [last])
        }
        return CallPlan(routine: routine, arguments: .texts(values.map { (parameter: $0.0, values: $0.1) }))
    }

    private func byBody(
        _ bytes: [UInt8], type: MediaType, columns: [String]?, of name: QualifiedName
    ) throws(RestError) -> CallPlan {
        if type == .form {
            let pairs = try RequestBody.fields(bytes)
            return try byQuery(name, pairs.map { .init(name: $0.0, value: $0.1) }, isPost: true)
        }
        let unnamed = (cache.routines[name] ?? []).filter { $0.isSingleUnnamed && Self.takes($0, type) }
        let isObject = type == .json || type == .csv || type == .object || type == .array
        guard isObject else {
            guard [MediaType.text, .xml, .octets].contains(type) else {
                throw .badBody("Content-Type not acceptable: \(ErrorText.name(type.spelled))")
            }
            let routine = try choose(name, unnamed, given: [], contentType: type, isPost: true)
            return CallPlan(
                routine: routine, arguments: .whole(wholeText(bytes, type), type: routine.parameters[0].type))
        }
        let body = try self.body(bytes, type: type, columns: columns, isUnnamedPossible: !unnamed.isEmpty)
        let keys = columns ?? body.keys ?? []
        var found = body.isScalar ? [] : fitting(name, Set(keys))
        if found.isEmpty { found = unnamed }
        let routine = try choose(
            name, found, given: columns ?? body.first.map(\.name).uniqued, contentType: type, isPost: true)
        if routine.isSingleUnnamed {
            let text = String(decoding: bytes, as: UTF8.self)
            return CallPlan(routine: routine, arguments: .whole(text, type: routine.parameters[0].type))
        }
        let parameters = routine.parameters.filter { keys.contains($0.name) }
        return CallPlan(routine: routine, arguments: .json(body, parameters))
    }

    private func wholeText(_ bytes: [UInt8], _ type: MediaType) -> String {
        guard type == .octets else { return String(decoding: bytes, as: UTF8.self) }
        let digits = Array("0123456789abcdef".utf8)
        return "\\x" + String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private func body(
        _ bytes: [UInt8], type: MediaType, columns: [String]?, isUnnamedPossible: Bool
    ) throws(RestError) -> RequestBody {
        if bytes.isEmpty, type != .csv { return RequestBody(json: "{}", keys: columns ?? [], isArray: false, rows: 1) }
        if type == .json, columns == nil, isUnnamedPossible, let rows = try? JSONRows(bytes), !rows.areObjects {
            // The body may be any JSON where a function takes it whole.
            var body = RequestBody(json: "", keys: [], isArray: rows.shape == .array, rows: rows.count)
            body.isScalar = true
            return body
        }
        return try RequestBody.read(bytes, type: type, columns: columns, bytesMax: bodyBytesMax)
    }

    /// Overloads that have all parameters given, and get all that they require.
    private func fitting(_ name: QualifiedName, _ given: Set<String>) -> [Routine] {
        (cache.routines[name] ?? []).filter { routine in
            guard !(routine.isSingleUnnamed && routine.parameters[0].isRequired) else { return false }
            return given.isSubset(of: routine.parameters.map(\.name))
                && given.isSuperset(of: routine.parameters.filter { $0.isRequired && !$0.isVariadic }.map(\.name))
        }
    }

    private static func takes(_ routine: Routine, _ type: MediaType) -> Bool {
        switch routine.parameters[0].type {
        case "json", "jsonb": type == .json
        case "text": type == .text
        case "xml": type == .xml
        case "bytea": type == .octets
        default: false
        }
    }

    // MARK: Choice

    private func choose(
        _ name: QualifiedName, _ found: [Routine], given: [String], contentType: MediaType?, isPost: Bool
    ) throws(RestError) -> Routine {
        switch found.count {
        case 1: return found[0]
        case 0: throw none(named: name, given: given, contentType: contentType, isPost: isPost)
        default:
            let list = found.map { routine in
                let parameters = routine.parameters.map { "\($0.name) => \($0.type)" }.joined(separator: ", ")
                return "\(name.schema).\(name.name)(\(parameters))"
            }.joined(separator: ", ")
            throw RestError(
                300, code: "PGRST203", message: "Could not choose the best candidate function between: \(list)",
                hint: "Try renaming the parameters or the function itself in the database so function overloading "
                    + "can be resolved")
        }
    }

    private func none(
        named name: QualifiedName, given: [String], contentType: MediaType?, isPost: Bool
    ) -> RestError {
        let full = "\(name.schema).\(ErrorText.name(name.name))"
        let list = ErrorText.list(given)
        let single: String? =
            switch contentType {
            case MediaType.text: "text"
            case MediaType.xml: "xml"
            case MediaType.octets: "bytea"
            default: nil
            }
        let shown = single == nil && !given.isEmpty ? "(\(list))" : ""
        let parameters = given.isEmpty ? "without parameters" : "with parameter\(given.count > 1 ? "s" : "") \(list)"
        let searched =
            single.map { "with a single unnamed \($0) parameter" }
            ?? parameters
            + (isPost && contentType == .json ? " or with a single unnamed json/jsonb parameter" : "")
        return RestError(
            404, code: "PGRST202",
            message:
                "Could not find the function \(full)\(shown.isEmpty && single == nil ? "" : shown) in the schema cache",
            details: "Searched for the function \(full) \(searched), but no matches were found in the schema cache.",
            hint: nearest(name, given, isSingle: single != nil)
                .map { "Perhaps you meant to call the function \(name.schema).\($0)" })
    }

    private func nearest(_ name: QualifiedName, _ given: [String], isSingle: Bool) -> String? {
        guard let overloads = cache.routines[name] else {
            guard !isSingle else { return nil }
            let names = Set(cache.routines.keys.filter { $0.schema == name.schema }.map(\.name))
            return NearestName.find(name.name, among: names, likeness: NearestName.nameLikeness)
        }
        guard !isSingle, !given.isEmpty else { return nil }
        let lists = Set(overloads.map { $0.parameters.map(\.name).joined(separator: ", ") })
        return NearestName.find(list: given, among: lists).map { "\(name.name)(\($0))" }
    }
}

extension [String] {
    /// The elements without repetitions, in their order.
    var uniqued: [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
