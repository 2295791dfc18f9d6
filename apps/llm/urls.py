from django.urls import path

from apps.llm import views

app_name = "models"
urlpatterns = [path("settings/usage/", views.usage, name="usage")]
