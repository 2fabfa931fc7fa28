import ConsistencyModel
import Orchestrator
import PostgresKit
import ProjectModel

/// SQL of the tables `port_leases` and `subnet_leases`.
enum LeaseRows {
    /// How long a released port or subnet is not leased again: clients with an old address must not reach another
    /// project.
    static let quarantine: Duration = .seconds(600)

    static func insert(
        _ leases: Leases, of ref: ProjectRef, at time: Timestamp, in session: some PostgresSession
    ) async throws {
        try await insert(ports: leases.ports, of: ref, at: time, in: session)
        try await insertSubnet(leases.subnet, ref, in: session)
    }

    static func insert(
        ports: [String: UInt16], of ref: ProjectRef, at time: Timestamp, in session: some PostgresSession
    ) async throws {
        try await freeQuarantined(at: time, in: session)
        let ports = ports.sorted { $0.key < $1.key }
        _ = try await session.execute(
            """
            insert into port_leases (port, ref, variable)
            select port::integer, $1, variable from unnest($2::text[], $3::text[]) as lease (port, variable)
            order by port::integer
            """,
            [.text(ref.text), .textArray(ports.map { String($0.value) }), .textArray(ports.map(\.key))])
    }

    /// Everything that is leased or still in quarantine.
    static func taken(at time: Timestamp, in session: some PostgresSession) async throws -> TakenLeases {
        let now = PostgresParameter.timestamp(time.postgres)
        let ports = try await session.query(
            "select port from port_leases where free_at is null or free_at > $1", [now])
        let subnets = try await session.query(
            "select subnet::text as subnet from subnet_leases where free_at is null or free_at > $1", [now])
        return TakenLeases(
            ports: Set(try ports.map { UInt16(clamping: try $0.int("port")) }),
            subnets: Set(try subnets.compactMap { IPv4Network(try $0.string("subnet")) }))
    }

    /// Leases with their owners, tombstones included.
    static func holders(limit: Int, in session: some PostgresSession) async throws -> [LeaseHolder] {
        let rows = try await session.query(
            """
            select l.ref, p.status, l.port::text as port, null as subnet
            from port_leases l join projects p on p.ref = l.ref
            union all
            select s.ref, p.status, null, s.subnet::text from subnet_leases s join projects p on p.ref = s.ref
            limit $1
            """, [.int(limit)])
        return try rows.compactMap { row in
            let port = try row.optionalString("port").flatMap { UInt16($0) }.map(LeaseHolder.Thing.port)
            let subnet = try row.optionalString("subnet").flatMap { IPv4Network($0) }.map(LeaseHolder.Thing.subnet)
            guard let thing = port ?? subnet, let ref = ProjectRef(try row.string("ref")) else { return nil }
            return LeaseHolder(ref: ref, status: try ProjectRows.status(row.string("status")), thing: thing)
        }
    }

    static func release(_ ref: ProjectRef, at time: Timestamp, in session: some PostgresSession) async throws {
        let parameters: [PostgresParameter] = [.text(ref.text), .timestamp((time + quarantine).postgres)]
        _ = try await session.execute(
            "update port_leases set ref = null, variable = null, free_at = $2 where ref = $1", parameters)
        _ = try await session.execute(
            "update subnet_leases set ref = null, free_at = $2 where ref = $1", parameters)
    }

    static func release(
        _ ref: ProjectRef, portsExcept variables: Set<String>, at time: Timestamp, in session: some PostgresSession
    ) async throws {
        _ = try await session.execute(
            """
            update port_leases set ref = null, variable = null, free_at = $2
            where ref = $1 and variable <> all($3::text[])
            """,
            [.text(ref.text), .timestamp((time + quarantine).postgres), .textArray(variables.sorted())])
    }

    static func replacePort(
        _ variable: String, of ref: ProjectRef, with port: UInt16, at time: Timestamp, in session: some PostgresSession
    ) async throws {
        try await freeQuarantined(at: time, in: session)
        let released = try await session.execute(
            """
            update port_leases set ref = null, variable = null, free_at = $3 where ref = $1 and variable = $2
            """,
            [.text(ref.text), .text(variable), .timestamp((time + quarantine).postgres)])
        guard released == 1 else { throw StoreError.refused("project \(ref) has no port \(variable) to replace") }
        try await insertPort(port, variable: variable, ref: ref, in: session)
        try await touch(ref, at: time, in: session)
    }

    static func replaceSubnet(
        of ref: ProjectRef, with subnet: IPv4Network, at time: Timestamp, in session: some PostgresSession
    ) async throws {
        try await freeQuarantined(at: time, in: session)
        let released = try await session.execute(
            "update subnet_leases set ref = null, free_at = $2 where ref = $1",
            [.text(ref.text), .timestamp((time + quarantine).postgres)])
        guard released == 1 else { throw StoreError.refused("project \(ref) has no subnet to replace") }
        try await insertSubnet(subnet, ref, in: session)
        try await touch(ref, at: time, in: session)
    }

    private static func insertPort(
        _ port: UInt16, variable: String, ref: ProjectRef, in session: some PostgresSession
    ) async throws {
        _ = try await session.execute(
            "insert into port_leases (port, ref, variable) values ($1::integer, $2, $3)",
            [.int(Int(port)), .text(ref.text), .text(variable)])
    }

    private static func insertSubnet(
        _ subnet: IPv4Network, _ ref: ProjectRef, in session: some PostgresSession
    ) async throws {
        _ = try await session.execute(
            "insert into subnet_leases (subnet, ref) values ($1::cidr, $2)",
            [.text(subnet.description), .text(ref.text)])
    }

    private static func freeQuarantined(at time: Timestamp, in session: some PostgresSession) async throws {
        let now = PostgresParameter.timestamp(time.postgres)
        _ = try await session.execute("delete from port_leases where free_at <= $1", [now])
        _ = try await session.execute("delete from subnet_leases where free_at <= $1", [now])
    }

    private static func touch(_ ref: ProjectRef, at time: Timestamp, in session: some PostgresSession) async throws {
        _ = try await session.execute(
            "update projects set updated_at = $2 where ref = $1", [.text(ref.text), .timestamp(time.postgres)])
    }
}
