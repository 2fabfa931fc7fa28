import APIKit
import HTTPTypes
import Identity
import ProjectModel

/// Network restrictions and TLS of a project's database. Ports are published on an address of the host without
/// restrictions: responses say so, and other settings are refused instead of ignored.
struct NetworkController: Sendable {
    /// All addresses, in both families.
    private static let everyV4 = "0.0.0.0/0"
    private static let everyV6 = "::/0"
    /// Addresses in one request at most.
    private static let addressesMax = 1_000

    var routes: [Route] {
        (restrictionRoutes + banRoutes + encryptionRoutes).map { $0.supported(as: .empty) }
    }

    // MARK: Restrictions

    private static let lists = Schema.fields(
        .optional("dbAllowedCidrs", .array(.text)), .optional("dbAllowedCidrsV6", .array(.text)))

    private static func answer(_ configuration: Schema) -> Schema {
        .fields(
            .init("entitlement", .choice(["disallowed", "allowed"])), .init("config", configuration),
            .init("status", .choice(["stored", "applied"])))
    }

    private var restrictionRoutes: [Route] {
        let path = "/v1/projects/{ref}/network-restrictions"
        let entries = Schema.array(
            .fields(.init("address", .text), .init("type", .choice(["v4", "v6"]))))
        return [
            Route(
                .get, path, access: .permission(.networkRestrictionsRead),
                operation: Operation(
                    summary: "Addresses that may connect to the database: all", answer: .json(Self.answer(Self.lists)))
            ) { _ in try APIResponse(json: Self.everybody) },
            Route(
                .post, "\(path)/apply", access: .permission(.networkRestrictionsWrite),
                operation: Operation(
                    summary: "Allow all addresses; anything else is refused", body: .json(Self.lists),
                    answer: .json(Self.answer(Self.lists), .created))
            ) { request in
                try request.decode(AddressLists.self).requireEverybody()
                return try APIResponse(.created, json: Self.everybody)
            },
            Route(
                .patch, path, access: .permission(.networkRestrictionsWrite),
                operation: Operation(
                    summary: "Allow all addresses; anything else is refused",
                    body: .json(.fields(.optional("add", Self.lists), .optional("remove", Self.lists))),
                    answer: .json(Self.answer(.fields(.init("dbAllowedCidrs", entries))))), handler: edit),
        ]
    }

    private static let everybody: JSON = [
        "entitlement": "disallowed", "status": "applied",
        "config": ["dbAllowedCidrs": [.string(everyV4)], "dbAllowedCidrsV6": [.string(everyV6)]],
    ]

    private func edit(_ request: APIRequest) async throws -> APIResponse {
        let edit = try request.decode(AddressEdit.self)
        try edit.add?.requireEverybody()
        guard edit.remove?.isEmpty ?? true else { throw AddressLists.refusal }
        return try APIResponse(
            json: JSON.object([
                "entitlement": "disallowed", "status": "applied",
                "config": [
                    "dbAllowedCidrs": [
                        ["address": .string(Self.everyV4), "type": "v4"],
                        ["address": .string(Self.everyV6), "type": "v6"],
                    ]
                ],
            ]))
    }

    /// Addresses to allow.
    private struct AddressLists: Decodable {
        let dbAllowedCidrs: [String]?
        let dbAllowedCidrsV6: [String]?

        static let refusal = APIError(
            .badRequest,
            "this installation does not restrict who may connect to a project's database: put a firewall in front of "
                + "the host, or bind projects to a private address. Only 0.0.0.0/0 and ::/0 are accepted here")

        var isEmpty: Bool { (dbAllowedCidrs ?? []).isEmpty && (dbAllowedCidrsV6 ?? []).isEmpty }

        func requireEverybody() throws(APIError) {
            guard (dbAllowedCidrs ?? []).allSatisfy({ $0 == everyV4 || $0 == everyV6 }),
                (dbAllowedCidrsV6 ?? []).allSatisfy({ $0 == everyV6 })
            else { throw Self.refusal }
        }
    }

    private struct AddressEdit: Decodable {
        let add: AddressLists?
        let remove: AddressLists?
    }

    // MARK: Bans

    private var banRoutes: [Route] {
        [
            Route(
                .delete, "/v1/projects/{ref}/network-bans", access: .permission(.networkBansWrite),
                operation: Operation(
                    summary: "Lift bans; there are none",
                    body: .json(
                        .fields(
                            .init("ipv4_addresses", .array(.text)), .optional("requester_ip", .boolean),
                            .optional("identifier", .text))), answer: .empty(.ok))
            ) { request in
                guard try request.decode(Bans.self).ipv4_addresses.count <= Self.addressesMax else {
                    throw APIError(.badRequest, "ipv4_addresses must have at most \(Self.addressesMax) entries")
                }
                return APIResponse(.ok)
            }
        ]
    }

    private struct Bans: Decodable { let ipv4_addresses: [String] }

    // MARK: Encryption

    private var encryptionRoutes: [Route] {
        let path = "/v1/projects/{ref}/ssl-enforcement"
        let switchSchema = Schema.fields(.init("database", .boolean))
        let answer = Operation.Answer.json(
            .fields(.init("currentConfig", switchSchema), .init("appliedSuccessfully", .boolean)))
        return [
            Route(
                .get, path, access: .permission(.sslConfigRead),
                operation: Operation(
                    summary: "Whether connections to the database must be encrypted: no", answer: answer)
            ) { _ in try APIResponse(json: Self.plain) },
            Route(
                .put, path, access: .permission(.sslConfigWrite),
                operation: Operation(
                    summary: "Let connections be plain; demanding encryption is refused",
                    body: .json(.fields(.init("requestedConfig", switchSchema))), answer: answer)
            ) { request in
                guard try !request.decode(Enforcement.self).requestedConfig.database else {
                    // Terraform matches this text.
                    throw APIError(
                        .badRequest,
                        "not allowed to configure SSL enforcements: the database of this installation has no "
                            + "certificate; put a TLS proxy in front of it")
                }
                return try APIResponse(json: Self.plain)
            },
        ]
    }

    private static let plain: JSON = ["currentConfig": ["database": false], "appliedSuccessfully": true]

    private struct Enforcement: Decodable {
        struct Wanted: Decodable { let database: Bool }
        let requestedConfig: Wanted
    }
}
