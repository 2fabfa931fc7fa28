import Identity
import Testing

@Suite("What each role allows")
struct RoleMatrixTests {
    /// Owner, Administrator, Developer and Read-only, by their first letters, and the permission they have.
    private static let table = """
        OADR action_runs_read
        OAD  action_runs_write
        OADR advisors_read
        OAD  analytics_logs_read
        OADR analytics_usage_read
        OAD  api_gateway_keys_read
        OA   api_gateway_keys_write
        OADR auth_config_read
        OAD  auth_config_write
        OAD  auth_signing_keys_read
        OA   auth_signing_keys_write
        OADR backups_read
        OA   backups_write
        OAD  branching_development_create
        OAD  branching_development_delete
        OADR branching_development_read
        OAD  branching_development_write
        OAD  branching_production_create
        OA   branching_production_delete
        OADR branching_production_read
        OAD  branching_production_write
        OADR custom_domain_read
        OA   custom_domain_write
        OADR data_api_config_read
        OAD  data_api_config_write
        OADR database_config_read
        OAD  database_config_write
        OAD  database_jit_read
        OA   database_jit_write
        OADR database_migrations_read
        OAD  database_migrations_write
        OADR database_network_bans_read
        OAD  database_network_bans_write
        OADR database_network_restrictions_read
        OA   database_network_restrictions_write
        OADR database_pooling_config_read
        OAD  database_pooling_config_write
        OADR database_read
        OADR database_readonly_config_read
        OAD  database_readonly_config_write
        OADR database_ssl_config_read
        OAD  database_ssl_config_write
        OAD  database_webhooks_config_write
        OAD  database_write
        OADR edge_functions_read
        OAD  edge_functions_secrets_read
        OAD  edge_functions_secrets_write
        OAD  edge_functions_write
        OADR infra_add_ons_read
        OA   infra_add_ons_write
        OADR infra_disk_config_read
        OAD  infra_disk_config_write
        OAD  infra_read_replicas_write
        OADR members_read
        OADR organization_admin_read
        O    organization_admin_write
        OA   organization_projects_create
        OADR organization_projects_read
        OAD  organizations_create
        OADR organizations_read
        OADR project_admin_read
        OA   project_admin_write
        OADR projects_read
        OADR realtime_config_read
        OAD  realtime_config_write
        OADR snippets_read
        OADR storage_config_read
        OAD  storage_config_write
        OADR storage_read
        OADR vanity_subdomain_read
        OA   vanity_subdomain_write
        OA   members_write
        OAD  snippets_write
        OAD  storage_write
        OA   organization_audit_read
        """

    private struct Row {
        let letters: String
        let permission: Permission
    }

    private func rows() throws -> [Row] {
        try Self.table.split(separator: "\n").map { line in
            let words = line.split(separator: " ")
            return Row(
                letters: String(words[0]), permission: try #require(Permission(rawValue: String(words[1])), "\(line)"))
        }
    }

    @Test("each role has exactly the permissions of the table", arguments: zip(BaseRole.allCases, "OADR"))
    func matrix(role: BaseRole, letter: Character) throws {
        for row in try rows() {
            #expect(
                role.permissions.contains(row.permission) == row.letters.contains(letter),
                "\(role.name) and \(row.permission.rawValue)")
        }
    }

    @Test("the table names every permission once")
    func complete() throws {
        let named = try rows().map(\.permission)
        #expect(named.count == Permission.allCases.count)
        #expect(Set(named) == Set(Permission.allCases))
    }

    @Test("each role allows less than the one before it")
    func order() {
        for (higher, lower) in zip(BaseRole.allCases, BaseRole.allCases.dropFirst()) {
            #expect(lower.permissions.isStrictSubset(of: higher.permissions), "\(lower.name) and \(higher.name)")
        }
    }

    @Test("a read-only role changes nothing and reads no secret")
    func readOnly() {
        let changing = BaseRole.readOnly.permissions.filter { !$0.isRead }
        #expect(changing.isEmpty)
        #expect(BaseRole.readOnly.permissions.isDisjoint(with: [.apiKeysRead, .functionSecretsRead, .signingKeysRead]))
    }
}
