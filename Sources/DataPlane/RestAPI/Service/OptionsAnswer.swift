import DataPlaneCore

/// What a client may do with a path.
struct OptionsAnswer {
    let request: RestRequest
    let cache: SchemaCache

    func answer() throws(RestError) -> RestHTTPResponse {
        var response = RestHTTPResponse(status: 200)
        response.set("Allow", try methods().joined(separator: ","))
        response.set("Access-Control-Allow-Origin", "*")
        return response
    }

    private func methods() throws(RestError) -> [String] {
        switch request.target {
        case .root: return ["OPTIONS", "GET", "HEAD"]
        case .relation(let name):
            let qualified = QualifiedName(schema: request.schema, name: name)
            guard let table = cache.tables[qualified] else { throw .table(qualified, nearest: nil) }
            var methods = ["OPTIONS", "GET", "HEAD"]
            if table.canInsert { methods.append("POST") }
            if table.canInsert, table.canUpdate, !table.primaryKey.isEmpty { methods.append("PUT") }
            if table.canUpdate { methods.append("PATCH") }
            if table.canDelete { methods.append("DELETE") }
            return methods
        case .function(let name):
            let routines = cache.routines[QualifiedName(schema: request.schema, name: name)] ?? []
            guard let first = routines.first else {
                let shown = "\(request.schema).\(ErrorText.name(name))"
                throw RestError(
                    404, code: "PGRST202", message: "Could not find the function \(shown) in the schema cache")
            }
            return first.isReadOnly ? ["OPTIONS", "GET", "HEAD", "POST"] : ["OPTIONS", "POST"]
        }
    }
}
