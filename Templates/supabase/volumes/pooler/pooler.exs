# Registers the project as the pooler's only tenant. Runs once per start, before the server.
# A tenant that exists is brought up to date: password and pool sizes may have changed since the last start.

{:ok, _} = Application.ensure_all_started(:supavisor)

alias Supavisor.{Helpers, Repo, Tenants}

tenant_id = System.fetch_env!("POOLER_TENANT_ID")
pool_size = String.to_integer(System.fetch_env!("POOLER_DEFAULT_POOL_SIZE"))
%{rows: [[version_text]]} = Repo.query!("select version()")

attributes = %{
  "external_id" => tenant_id,
  "db_host" => System.fetch_env!("POSTGRES_HOST"),
  "db_port" => System.fetch_env!("POSTGRES_PORT"),
  "db_database" => System.fetch_env!("POSTGRES_DB"),
  "require_user" => false,
  "auth_query" => "SELECT * FROM pgbouncer.get_auth($1)",
  "default_pool_size" => pool_size,
  "default_max_clients" => String.to_integer(System.fetch_env!("POOLER_MAX_CLIENT_CONN")),
  "default_parameter_status" => %{"server_version" => Helpers.parse_pg_version(version_text)},
  "users" => [
    %{
      "db_user" => "pgbouncer",
      "db_password" => System.fetch_env!("POSTGRES_PASSWORD"),
      "mode_type" => System.fetch_env!("POOLER_POOL_MODE"),
      "pool_size" => pool_size,
      "is_manager" => true
    }
  ]
}

case Tenants.get_tenant_by_external_id(tenant_id) do
  nil ->
    {:ok, _} = Tenants.create_tenant(attributes)

  tenant ->
    # The server can run on the old registration: better than not at all. The reason can hold values and is not shown.
    try do
      {:ok, _} = tenant |> Repo.preload(:users) |> Tenants.update_tenant(attributes)
    rescue
      error -> IO.puts(:stderr, "pooler: the tenant could not be brought up to date: #{inspect(error.__struct__)}")
    end
end
