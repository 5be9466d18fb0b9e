\echo Use "ALTER EXTENSION loyalcs UPDATE TO '0.2.0'" to load this file. \quit
