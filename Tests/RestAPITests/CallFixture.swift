import DataPlaneCore

@testable import RestAPI

/// The tables of ``StatementTests`` with functions beside them.
enum CallFixture {
    static let cache: SchemaCache = {
        var cache = StatementTests.cache
        let routines = [
            CallFixture.routine("nums", .scalar, isSet: true), CallFixture.routine("one", .scalar),
            CallFixture.routine("many", .composite, isSet: true, table: "authors"),
            CallFixture.routine("add", .scalar, parameters: ["first", "second"]),
        ]
        for routine in routines { cache.routines[routine.name] = [routine] }
        return cache
    }()

    static func plan(
        _ method: String, _ path: String, query: String = "", headers: [(name: String, value: String)] = [],
        body: String = "", maxRows: Int64? = nil
    ) throws(RestError) -> RequestPlan {
        var configuration = RestConfiguration()
        configuration.schemas = ["api"]
        configuration.maxRows = maxRows
        let http = RestHTTPRequest(method: method, path: path, query: query, headers: headers, body: Array(body.utf8))
        let request = try RestRequest(http, configuration)
        return try RequestPlanner(request: request, cache: cache, configuration: configuration).plan()
    }

    private static func routine(
        _ name: String, _ returns: Routine.Returns, isSet: Bool = false, table: String? = nil,
        parameters: [String] = []
    ) -> Routine {
        Routine(
            name: QualifiedName(schema: "api", name: name),
            parameters: parameters.map { .init(name: $0, type: "integer", isRequired: true, isVariadic: false) },
            returns: returns, returnsSet: isSet, returnTable: table.map { QualifiedName(schema: "api", name: $0) },
            mediaType: nil, volatility: .stable, settings: [], comment: nil)
    }
}
