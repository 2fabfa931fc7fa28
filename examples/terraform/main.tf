# A project by the Supabase provider, against a manager of your own.
#
#   export SUPABASE_API_ENDPOINT=http://127.0.0.1:8080
#   export SUPABASE_ACCESS_TOKEN=sbp_…
#   terraform init && terraform apply
terraform {
  required_providers {
    supabase = {
      source  = "supabase/supabase"
      version = "~> 1.5"
    }
  }
}

# Endpoint and token come from the environment.
provider "supabase" {}

resource "supabase_project" "example" {
  organization_id   = "default"
  name              = "terraform-example"
  database_password = "change-me-Str0ng"
  region            = "eu-central-1"
  instance_size     = "micro"

  # The password is changed where the project lives, not from here.
  lifecycle {
    ignore_changes = [database_password]
  }
}
