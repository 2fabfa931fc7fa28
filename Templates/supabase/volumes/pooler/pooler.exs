# Registers the project as the pooler's only tenant. Runs once per start, before the server.
# A tenant that exists is brought up to date: password and pool sizes may have changed since the last start.

{:ok, _} = Application.ensure_all_started(:supavisor)

alias Supavisor.{Helpers, Repo, Tenants}

tenant_id = System.fetch_env!("POOLER_TENANT_ID")
pool_size = String.to_integer(System.fetch_env!("POOLER_DEFAULT_POOL_SIZE"))
%{rows: [[version_text]]} = Repo.query!("select version()")

# The tenant's parameters are kept as JSON, which has no form for the pair that the helper answers with.
server_version =
  case Helpers.parse_pg_version(version_text) do
    {:ok, version} -> version
    {:error, _} -> raise "pooler: cannot tell the version of the database from #{inspect(version_text)}"
  end

attributes = %{
  "external_id" => tenant_id,
  "db_host" => System.fetch_env!("POSTGRES_HOST"),
  "db_port" => System.fetch_env!("POSTGRES_PORT"),
  "db_database" => System.fetch_env!("POSTGRES_DB"),
  "require_user" => false,
  "auth_query" => "SELECT * FROM pgbouncer.get_auth($1)",
  "default_pool_size" => pool_size,
  "default_max_clients" => String.to_integer(System.fetch_env!("POOLER_MAX_CLIENT_CONN")),
  "default_parameter_status" => %{"server_version" => server_version},
  "users" => [
    %{
      "db_user" => "pgbouncer",
      "db_password" => System.fetch_env!("POSTGRES_PASSWORD"),
      # Required, and read nowhere: the port decides, 5432 for sessions and 6543 for transactions.
      "mode_type" => "transaction",
      "pool_size" => pool_size,
      "is_manager" => true
    }
  ]
}

# A refusal shows which fields are wrong, never their values: they include the password.
wrong_fields = fn refused -> refused.errors |> Keyword.keys() |> Enum.join(", ") end

case Tenants.get_tenant_by_external_id(tenant_id) do
  nil ->
    case Tenants.create_tenant(attributes) do
      {:ok, _} -> :ok
      {:error, refused} -> raise "pooler: the tenant is refused because of: #{wrong_fields.(refused)}"
    end

  tenant ->
    # The server can run on the old registration: better than not at all. An exception can hold values: only its kind
    # is shown.
    try do
      case tenant |> Repo.preload(:users) |> Tenants.update_tenant(attributes) do
        {:ok, _} ->
          :ok

        {:error, refused} ->
          IO.puts(:stderr, "pooler: the tenant keeps its old settings because of: #{wrong_fields.(refused)}")
      end
    rescue
      error -> IO.puts(:stderr, "pooler: the tenant keeps its old settings: #{inspect(error.__struct__)}")
    end
end
